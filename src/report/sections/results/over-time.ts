import type { Run, RunPhase } from '../../../contract/index.js';
import { bytes, count, decimal, milliseconds, seconds, share } from '../../format.js';
import { resultPhases } from '../../judging/load-levels.js';
import { bad, type Block, figureTable, good, plain, type Section, type Sentence, warning } from '../../model.js';

function steadyTable(phases: readonly RunPhase[]): Block[] {
  const judged = phases.filter((phase) => (phase.steadiness ?? null) !== null);
  if (judged.length === 0) return [];
  return [
    figureTable(
      ['Phase', 'Steady?', 'Why', 'Independent requests'],
      judged.map((phase) => [
        phase.name,
        phase.steadiness?.outcome ?? '–',
        phase.steadiness?.reason ?? '–',
        (phase.effective_n ?? null) === null
          ? '–'
          : `${count(Math.round(phase.effective_n ?? 0))} of ${count(phase.succeeded ?? 0)}`,
      ]),
      'Start-up by MSER-5, drift by a straight line with a block bootstrap. The last column is how many independent requests would say as much of the mean: neighbours are alike.',
    ),
  ];
}

function slopeSentences(phase: RunPhase): Sentence[] {
  const { slopes } = phase;
  const sentence = (
    what: string,
    slope: { per_hour: { value: number; lower: number | null; upper: number | null } } | undefined,
    say: (value: number) => string,
  ): Sentence[] => {
    if (slope === undefined) return [];
    const { value, lower, upper } = slope.per_hour;
    const range = lower === null || upper === null ? '' : ` (${say(lower)} to ${say(upper)})`;
    const rises = (lower ?? 0) > 0;
    const text = `Phase ${phase.name}: ${what} changes by ${say(value)} an hour${range}${rises ? ': it rises' : ''}.`;
    return [rises ? warning(text) : plain(text)];
  };
  const signed = (text: string, value: number): string => `${value < 0 ? '−' : '+'}${text}`;
  return [
    ...sentence('p95', slopes?.p95_ms, (ms) => signed(`${milliseconds(Math.abs(ms))} ms`, ms)),
    ...sentence('resident memory', slopes?.rss_bytes, (n) => signed(bytes(Math.abs(n)), n)),
  ];
}

function recoverySentence(phase: RunPhase): Sentence[] {
  const recovery = phase.recovery ?? null;
  if (recovery === null) return [];
  const ms = (value: number | null): string => (value === null ? 'unknown' : `${milliseconds(value)} ms`);
  const levels = `p95 before ${ms(recovery.before_ms)}, in the spike ${ms(recovery.during_ms)}, after ${ms(recovery.after_ms)}`;
  if (recovery.recovered_s === null)
    return [bad(`Phase ${phase.name}: ${levels}; ${recovery.note ?? 'not recovered'}.`)];
  return [
    good(
      `Phase ${phase.name}: ${levels}; within 10 % of before from ${seconds(recovery.recovered_s)} after its end on.`,
    ),
  ];
}

function budgetSentence(phase: RunPhase): Sentence[] {
  const budget = phase.error_budget;
  if (budget === undefined) return [];
  const used = budget.used_share === null ? '' : `, ${share(budget.used_share)} of it`;
  const text = `Phase ${phase.name}: an objective of ${share(budget.objective)} allows ${decimal(budget.allowed, 1)} failures; ${count(budget.used)} happened${used}.`;
  return [budget.used > budget.allowed ? bad(text) : good(text)];
}

function openSentence(phase: RunPhase): Sentence[] {
  const { open } = phase;
  if (open === undefined) return [];
  const dropped = open.dropped === 0 ? '' : `, ${count(open.dropped)} given up for want of a connection`;
  return [
    plain(
      `Phase ${phase.name}: of ${count(open.due)} requests that were due, ${count(open.started)} were sent in time (${share(open.achieved_share)})${dropped}.`,
    ),
  ];
}

/** How phases went over their length: steadiness, slopes, recovery, error budget; null where the bundle says nothing. */
export function overTimeSection(run: Run): Section | null {
  const phases = resultPhases(run);
  const items = phases.flatMap((phase) => [
    ...openSentence(phase),
    ...slopeSentences(phase),
    ...recoverySentence(phase),
    ...budgetSentence(phase),
  ]);
  const blocks: Block[] = [...steadyTable(phases), ...(items.length === 0 ? [] : [{ kind: 'list' as const, items }])];
  return blocks.length === 0
    ? null
    : {
        id: 'over-time',
        title: 'Steadiness and change over time',
        lead: 'Whether the service stayed as it was while a phase lasted, or drifted.',
        blocks,
      };
}
