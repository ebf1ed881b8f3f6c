import type { DegradationLevel, Threshold, TierRange } from '../../../domain/capacity/index.js';
import type { Findings } from '../../findings.js';
import { count, decimal, milliseconds, perSecond, share } from '../../format.js';
import { type Block, figureTable, plain, type Section, warning } from '../../model.js';

const TIER_NAMES = { 1: '1: within the limit', 2: '2: slower, still gaining', 3: '3: saturated' } as const;

function range(values: readonly (number | null)[], say: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return '–';
  const [low, high] = [say(Math.min(...known)), say(Math.max(...known))];
  return low === high ? low : `${low}–${high}`;
}

function usersOf({ fromUsers, toUsers }: TierRange): string {
  return fromUsers === toUsers ? count(fromUsers) : `${count(fromUsers)}–${count(toUsers)}`;
}

function tierTable(ranges: readonly TierRange[], note: string): Block {
  const of = (levels: readonly DegradationLevel[], read: (level: DegradationLevel) => number | null) =>
    levels.map(read);
  return figureTable(
    ['Tier', 'Users', 'p95 ms', 'Throughput /s'],
    ranges.map((one) => [
      TIER_NAMES[one.tier],
      usersOf(one),
      range(
        of(one.levels, ({ p95Ms }) => p95Ms),
        milliseconds,
      ),
      range(
        of(one.levels, ({ throughputPerS }) => throughputPerS),
        perSecond,
      ),
    ]),
    note,
  );
}

const THRESHOLDS: Record<Threshold['kind'], { readonly name: string; readonly say: (value: number) => string }> = {
  latency_warning: { name: 'p95 more than doubles', say: (ms) => `${milliseconds(ms)} ms` },
  latency_critical: { name: 'p95 beyond the requirement', say: (ms) => `${milliseconds(ms)} ms` },
  queue_buildup: { name: 'Queue wait above a quarter of the response time', say: share },
  loop_saturation: { name: 'Event-loop lag above 50 ms', say: (ms) => `${milliseconds(ms)} ms` },
};

function thresholdRow(threshold: Threshold): string[] {
  const { name, say } = THRESHOLDS[threshold.kind];
  const { users, measured, beforeUsers, limit } = threshold;
  if (!threshold.isMeasured) return [name, 'not measured', '–'];
  if (users === null || measured === null) return [name, 'not reached', '–'];
  return [
    name,
    beforeUsers === null ? `${count(users)} users` : `${count(beforeUsers)} → ${count(users)} users`,
    `${say(measured)} (limit ${say(limit)})`,
  ];
}

function ceilingRow({ scaling, levels }: Findings): string[] {
  const best = levels.reduce((a, b) => ((b.throughput_per_s ?? 0) > (a.throughput_per_s ?? 0) ? b : a));
  const measured = `${perSecond(best.throughput_per_s ?? 0)}/s measured`;
  const ceiling = scaling?.model?.ceilingPerS ?? null;
  if (ceiling === null) return ['Throughput ceiling', `${count(best.users)} users`, measured];
  const upper = Number.isFinite(ceiling.upper) ? perSecond(ceiling.upper) : 'no upper end';
  const peak = scaling?.model?.peakUsers ?? null;
  return [
    'Throughput ceiling',
    peak === null ? 'beyond the levels' : `${decimal(peak.value, 0)} users by the law`,
    `${measured}; ${perSecond(ceiling.value)}/s by the law (${perSecond(ceiling.lower)}–${upper})`,
  ];
}

/** Where the service begins to degrade, and by which figure; null below two levels of users. */
export function degradationSection(findings: Findings): Section | null {
  const { tiers, thresholds, levels } = findings;
  if (thresholds.length === 0 || levels.every((level) => level.throughput_per_s === undefined)) return null;
  const limit = tiers === null ? '' : `${milliseconds(tiers.limitMs)} ms`;
  const note =
    tiers?.isRequired === true
      ? `Tier 1 meets the required p95 of ${limit} with its whole interval; in tier 2 throughput still grows by at least 5 % per doubling of users.`
      : `No p95 was required, so tier 1 ends at twice the p95 of the lowest level, ${limit}; in tier 2 throughput still grows by at least 5 % per doubling of users.`;
  return {
    id: 'tiers',
    title: 'Degradation tiers and critical thresholds',
    lead: 'How many users the service carries well, how many only slowly, and which figure turns first.',
    blocks: [
      ...(tiers === null
        ? [
            {
              kind: 'list' as const,
              items: [warning('The lowest level has too few answers for a p95, so no tiers can be told apart.')],
            },
          ]
        : [tierTable(tiers.ranges, note)]),
      {
        kind: 'text',
        sentences: [plain('The first level at which each figure turns:')],
      },
      {
        ...figureTable(['Threshold', 'Reached at', 'Figure'], [...thresholds.map(thresholdRow), ceilingRow(findings)]),
      },
    ],
  };
}
