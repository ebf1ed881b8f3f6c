import type { PercentileName } from '../../../contract/index.js';
import { uslThroughput } from '../../../domain/capacity/index.js';
import { meanInterval } from '../../../domain/stats/index.js';
import type { Findings } from '../../findings.js';
import { perSecond } from '../../format.js';
import { capacityLevels, type ClosedLevel, requiredP95Ms, resultPhases } from '../../judging/load-levels.js';
import type { Chart, Series } from '../../model.js';
import { hasUpperBound, percentileCell } from '../../percentile-cell.js';
import { loadOf, phaseTitle, type RunBundle } from '../../run-bundle.js';

/** From this ratio of the most to the fewest users on, equal steps are doublings. */
const LOG_RATIO_MIN = 8;
const CURVE_POINTS = 40;
/** A chart with more lines than it has colours tells nobody anything. */
const LINES_MAX = 9;

function usersAxis(levels: readonly ClosedLevel[]): Pick<Chart, 'xTitle' | 'xScale' | 'spans'> {
  const fewest = levels[0]?.users ?? 1;
  const most = levels.at(-1)?.users ?? 1;
  return { xTitle: 'users', xScale: most / fewest >= LOG_RATIO_MIN ? 'log' : 'linear', spans: [] };
}

/** The fitted law over the measured range, at points evenly spread over its logarithm. */
function lawOf({ scaling, levels }: Findings): Series[] {
  const model = scaling?.model ?? null;
  const first = levels[0]?.users ?? 1;
  const last = levels.at(-1)?.users ?? 1;
  if (model === null) return [];
  const points = Array.from({ length: CURVE_POINTS + 1 }, (_, i) => {
    const users = first * (last / first) ** (i / CURVE_POINTS);
    return [users, uslThroughput(model.usl, users)] as const;
  });
  return [{ name: 'scalability law', isModel: true, points }];
}

function throughputChart(bundle: RunBundle, findings: Findings): Chart[] {
  const levels = findings.levels.filter((level) => level.throughput_per_s !== undefined);
  if (levels.length < 2) return [];
  const intervals = capacityLevels(bundle, levels).flatMap(({ users, throughputPerS, blocksPerS }) => {
    const interval = meanInterval(blocksPerS ?? []);
    if (interval === null) return [];
    const half = (interval.upper - interval.lower) / 2;
    return [[users, Math.max(0, throughputPerS - half), throughputPerS + half] as const];
  });
  const law = lawOf(findings);
  const whiskers = intervals.length === 0 ? '' : ' Whiskers: 95 % interval of the mean over its seconds.';
  const dashed = law.length === 0 ? '' : ' Dashed: the scalability law fitted to them.';
  return [
    {
      ...usersAxis(levels),
      id: 'throughput-by-users',
      title: 'Throughput against users',
      description: `Right answers per second: ${levels.map((level) => `${perSecond(level.throughput_per_s ?? 0)} at ${loadOf(level)}`).join(', ')}.${whiskers}${dashed}`,
      yTitle: 'right answers per second',
      yScale: 'linear',
      series: [
        {
          name: 'measured',
          points: levels.map((level) => [level.users, level.throughput_per_s ?? null]),
          intervals,
        },
        ...law,
      ],
    },
  ];
}

function percentileSeries(levels: readonly ClosedLevel[], name: PercentileName & ('p50' | 'p95' | 'p99')): Series {
  return {
    name,
    // A percentile without an upper bound is no figure and gets no point.
    points: levels.map((level) => [
      level.users,
      hasUpperBound(level, name) === false ? null : (level[`${name}_ms`] ?? null),
    ]),
    intervals: levels.flatMap((level) => {
      const entry = level.percentiles?.[name];
      return entry === undefined || entry.upper_ms === null
        ? []
        : [[level.users, entry.lower_ms, entry.upper_ms] as const];
    }),
  };
}

function latencyChart(bundle: RunBundle, { levels }: Findings): Chart[] {
  if (levels.length < 2) return [];
  const required = requiredP95Ms(bundle.run);
  const highest = Math.max(0, ...levels.map((level) => level.p99_ms ?? level.p95_ms ?? 0));
  return [
    {
      ...usersAxis(levels),
      id: 'latency-by-users',
      title: 'Response time against users',
      description: `p50, p95 and p99 by users: ${levels.map((level) => `${loadOf(level)} ${percentileCell(level, 'p50', false)} / ${percentileCell(level, 'p95', false)} / ${percentileCell(level, 'p99', false)} ms`).join('; ')}. Whiskers: 95 % intervals.`,
      yTitle: 'ms',
      yScale: 'linear',
      series: (['p50', 'p95', 'p99'] as const).map((name) => percentileSeries(levels, name)),
      // A limit far above all points would press them to the floor.
      limits: required === null || required > 2 * highest ? [] : [{ name: 'required p95', at: required }],
    },
  ];
}

/** So many of them, the first and the last included, evenly spread. */
function spread<T>(values: readonly T[], most: number): T[] {
  if (values.length <= most) return [...values];
  return Array.from({ length: most }, (_, i) => values[Math.round((i * (values.length - 1)) / (most - 1))] as T);
}

function distributionChart(bundle: RunBundle): Chart[] {
  const all = resultPhases(bundle.run).filter((phase) => (bundle.distributions.get(phase.name)?.length ?? 0) > 1);
  if (all.length === 0) return [];
  const phases = spread(all, LINES_MAX);
  const chosen = phases.length < all.length ? ` ${phases.length} of ${all.length} phases are drawn.` : '';
  return [
    {
      id: 'latency-by-percentile',
      title: 'Response time by percentile',
      description: `How slow the slowest share of requests is: each step to the right leaves out nine tenths of the rest.${chosen}`,
      xTitle: 'percentile',
      yTitle: 'ms (logarithmic)',
      xScale: 'percentile',
      yScale: 'log',
      series: phases.map((phase) => ({
        name: phaseTitle(phase),
        points: (bundle.distributions.get(phase.name) ?? []).map((point) => [point.percentile, point.ms]),
      })),
      spans: [],
    },
  ];
}

/** Throughput and response time by users, response time by percentile; each only where there are figures. */
export function loadCharts(bundle: RunBundle, findings: Findings): Chart[] {
  return [...throughputChart(bundle, findings), ...latencyChart(bundle, findings), ...distributionChart(bundle)];
}
