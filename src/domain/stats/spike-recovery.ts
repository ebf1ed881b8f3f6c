/** p95 of one stretch of time; null where too few requests fell into it. */
export interface SpikePoint {
  /** Since the start of the phase, s; of a stretch of equal length `stretchS`. */
  readonly fromS: number;
  readonly p95Ms: number | null;
}

export interface SpikeRecovery {
  readonly beforeMs: number | null;
  readonly duringMs: number | null;
  readonly afterMs: number | null;
  /** From the end of the spike until p95 stays within 10 % of before; null: not before the phase ended, or unknown. */
  readonly recoveredS: number | null;
  readonly note: string | null;
}

const RECOVERED_SHARE = 1.1;

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

const known = (points: readonly SpikePoint[]): number[] =>
  points.flatMap(({ p95Ms }) => (p95Ms === null ? [] : [p95Ms]));

/**
 * How long a service takes to be itself again: the first stretch after the spike from which on every p95 is within 10 %
 * of the median p95 before. Stretches that reach across an edge of the spike count as part of it.
 */
export function spikeRecovery(
  points: readonly SpikePoint[],
  stretchS: number,
  spike: { readonly fromS: number; readonly toS: number },
): SpikeRecovery {
  const edge = stretchS * 1e-6;
  const before = points.filter(({ fromS }) => fromS + stretchS <= spike.fromS + edge);
  const after = points.filter(({ fromS }) => fromS >= spike.toS - edge);
  const during = points.filter((point) => !before.includes(point) && !after.includes(point));
  const beforeMs = median(known(before));
  const figures = { beforeMs, duringMs: median(known(during)), afterMs: median(known(after)) };
  if (beforeMs === null) return { ...figures, recoveredS: null, note: 'too few requests before the spike' };
  const judged = after.filter(({ p95Ms }) => p95Ms !== null);
  if (judged.length === 0) return { ...figures, recoveredS: null, note: 'too few requests after the spike' };
  const last = judged.findLastIndex(({ p95Ms }) => (p95Ms ?? 0) > RECOVERED_SHARE * beforeMs);
  const first = judged[last + 1];
  if (first === undefined) return { ...figures, recoveredS: null, note: 'not recovered before the phase ended' };
  return { ...figures, recoveredS: Math.max(0, first.fromS - spike.toS), note: null };
}
