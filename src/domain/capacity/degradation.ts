/** What one level of closed users says of how the service degrades; null where it was not measured. */
export interface DegradationLevel {
  readonly users: number;
  readonly throughputPerS: number | null;
  readonly p95Ms: number | null;
  /** Upper end of the 95 % interval of p95; null where there is none ("n too small"). */
  readonly p95MsUpper: number | null;
  readonly meanMs: number | null;
  readonly queueWaitMsMean: number | null;
  readonly loopLagMsP99: number | null;
}

/** 1 = meets the requirement, 2 = slower, but more load still brings more answers, 3 = saturated. */
export type Tier = 1 | 2 | 3;

export interface TierRange {
  readonly tier: Tier;
  /** Smallest and largest measured number of users of the tier. */
  readonly fromUsers: number;
  readonly toUsers: number;
  readonly levels: readonly DegradationLevel[];
}

export interface Tiers {
  /** What p95 was held against, ms. */
  readonly limitMs: number;
  /** Whether that was required, or is twice the p95 of the lowest level. */
  readonly isRequired: boolean;
  /** In order; tiers that no level is in are left out. */
  readonly ranges: readonly TierRange[];
}

/** Without a requirement, p95 may be so many times that of the lowest level. */
const P95_GROWTH_MAX = 2;
/** Throughput that grows by less per doubling of load does not grow. */
const GROWTH_PER_DOUBLING_MIN = 0.05;
const WARNING_FACTOR = 2;
const QUEUE_SHARE_MAX = 0.25;
const LOOP_LAG_MS_MAX = 50;

const byUsers = (levels: readonly DegradationLevel[]): DegradationLevel[] =>
  [...levels].sort((a, b) => a.users - b.users);

/** Growth of throughput per doubling of users from one level to the next: 0.05 = 5 %; null where not measured. */
export function growthPerDoubling(from: DegradationLevel, to: DegradationLevel): number | null {
  if (from.throughputPerS === null || to.throughputPerS === null) return null;
  if (!(from.throughputPerS > 0) || !(to.users > from.users)) return null;
  return (to.throughputPerS / from.throughputPerS) ** (1 / Math.log2(to.users / from.users)) - 1;
}

/**
 * The tiers of the levels: 1 up to the largest load that meets the p95 limit with its whole interval (as every level
 * below it does), 2 from there while throughput still grows by at least 5 % per doubling, 3 beyond. Null below two
 * levels, and where the lowest has no p95.
 */
export function tiersOf(measured: readonly DegradationLevel[], requiredMs: number | null): Tiers | null {
  const levels = byUsers(measured);
  const lowest = levels[0]?.p95Ms ?? null;
  if (levels.length < 2 || lowest === null) return null;
  const limitMs = requiredMs ?? P95_GROWTH_MAX * lowest;
  let tier: Tier = 1;
  const tiers = levels.map((level, i): Tier => {
    const before = levels[i - 1];
    if (tier === 1 && !(level.p95MsUpper !== null && level.p95MsUpper <= limitMs)) tier = 2;
    const growth = before === undefined ? null : growthPerDoubling(before, level);
    if (tier === 2 && growth !== null && growth < GROWTH_PER_DOUBLING_MIN) tier = 3;
    return tier;
  });
  const ranges = ([1, 2, 3] as const).flatMap((one): TierRange[] => {
    const members = levels.filter((_, i) => tiers[i] === one);
    const [first] = members;
    const last = members.at(-1);
    if (first === undefined || last === undefined) return [];
    return [{ tier: one, fromUsers: first.users, toUsers: last.users, levels: members }];
  });
  return { limitMs, isRequired: requiredMs !== null, ranges };
}

export type ThresholdKind = 'latency_warning' | 'latency_critical' | 'queue_buildup' | 'loop_saturation';

/** A level at which something turns, and the figure that says so. */
export interface Threshold {
  readonly kind: ThresholdKind;
  /** First level beyond the limit; null: none was. */
  readonly users: number | null;
  /** ms, except `queue_buildup`: share of the response time. */
  readonly measured: number | null;
  readonly limit: number;
  /** The level before, for `latency_warning`. */
  readonly beforeUsers: number | null;
  /** False where no level has the figure. */
  readonly isMeasured: boolean;
}

interface Reading {
  readonly users: number;
  readonly value: number;
  readonly beforeUsers: number | null;
}

function first(kind: ThresholdKind, readings: readonly Reading[], limit: number): Threshold {
  const found = readings.find(({ value }) => value > limit);
  return {
    kind,
    users: found?.users ?? null,
    measured: found?.value ?? null,
    limit,
    beforeUsers: found?.beforeUsers ?? null,
    isMeasured: readings.length > 0,
  };
}

/**
 * First level with p95 above twice that of the level before (its limit is that double), first with p95 beyond the
 * requirement (only where there is one), first with queue wait above 25 % of the response time, first with a p99 of the
 * event loop's lag above 50 ms.
 */
export function thresholdsOf(measured: readonly DegradationLevel[], requiredMs: number | null): Threshold[] {
  const levels = byUsers(measured);
  const readings = (read: (level: DegradationLevel) => number | null): Reading[] =>
    levels.flatMap((level) => {
      const value = read(level);
      return value === null ? [] : [{ users: level.users, value, beforeUsers: null }];
    });
  const p95s = readings(({ p95Ms }) => p95Ms);
  const jump = p95s.findIndex(({ value }, i) => value > WARNING_FACTOR * (p95s[i - 1]?.value ?? Infinity));
  const before = p95s[jump - 1];
  const warning = first(
    'latency_warning',
    jump < 0 ? [] : p95s.slice(jump, jump + 1).map((one) => ({ ...one, beforeUsers: before?.users ?? null })),
    WARNING_FACTOR * (before?.value ?? p95s[0]?.value ?? 0),
  );
  return [
    { ...warning, isMeasured: p95s.length > 1 },
    ...(requiredMs === null ? [] : [first('latency_critical', p95s, requiredMs)]),
    first(
      'queue_buildup',
      readings(({ queueWaitMsMean, meanMs }) =>
        queueWaitMsMean === null || meanMs === null || meanMs <= 0 ? null : queueWaitMsMean / meanMs,
      ),
      QUEUE_SHARE_MAX,
    ),
    first(
      'loop_saturation',
      readings(({ loopLagMsP99 }) => loopLagMsP99),
      LOOP_LAG_MS_MAX,
    ),
  ];
}
