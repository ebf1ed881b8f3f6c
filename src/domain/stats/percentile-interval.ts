import { binomialCdf } from './binomial.js';

/**
 * Percentile intervals by order statistics: distribution-free, exact for independent observations. Requests of one
 * run are not independent (a stall delays many at once), so these intervals are lower bounds of the uncertainty;
 * whoever prints them says so.
 * Source: David & Nagaraja, "Order Statistics" (3rd ed.), 7.1; Meeker, Hahn, Escobar, "Statistical Intervals", 5.2.
 */

/** Two-sided confidence of every interval, unless told otherwise. */
export const CONFIDENCE = 0.95;

/** 1-based ranks into n ascending observations. */
export interface PercentileRanks {
  /** The observation that estimates the percentile: ⌈n·p⌉. */
  readonly estimate: number;
  /** Null when even the smallest observation is no lower bound. */
  readonly lower: number | null;
  /** Null when even the largest observation is no upper bound: "≥ max, n too small". */
  readonly upper: number | null;
}

/** The smallest k in 0..n with `holds(k)`, for a monotone predicate that holds at n. */
function smallest(n: number, holds: (k: number) => boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Ranks of the percentile `p` (0 < p < 1) and of its interval among n ≥ 1 observations:
 * lower = the largest l with P(Bin(n, p) ≤ l − 1) ≤ α/2, upper = the smallest u with P(Bin(n, p) ≤ u − 1) ≥ 1 − α/2.
 */
export function percentileRanks(n: number, p: number, confidence: number = CONFIDENCE): PercentileRanks {
  const tail = (1 - confidence) / 2;
  // Largest l = (number of k ≥ 0 with CDF(k) ≤ α/2), since the CDF grows: l − 1 is the last such k.
  const lower = smallest(n, (k) => binomialCdf(k, n, p) > tail);
  const upper = smallest(n, (k) => binomialCdf(k, n, p) >= 1 - tail) + 1;
  return {
    estimate: Math.min(n, Math.max(1, Math.ceil(n * p - 1e-9))),
    lower: lower >= 1 ? lower : null,
    upper: upper <= n ? upper : null,
  };
}

/** The smallest n for which the interval of percentile `p` has an upper bound: P(all n below it) = pⁿ ≤ α/2. */
export function smallestSupportedN(p: number, confidence: number = CONFIDENCE): number {
  return Math.ceil(Math.log((1 - confidence) / 2) / Math.log(p));
}

/** A percentile with its interval, in the unit of the observations. */
export interface PercentileFigure {
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * The percentile and its interval of n ≥ 1 observations, read through `valueAtRank` (1-based, ascending): the same
 * code serves a sorted array and a histogram, whose answer is exact to its bucket width.
 */
export function percentileFigure(
  n: number,
  p: number,
  valueAtRank: (rank: number) => number,
  confidence: number = CONFIDENCE,
): PercentileFigure {
  const ranks = percentileRanks(n, p, confidence);
  return {
    value: valueAtRank(ranks.estimate),
    lower: ranks.lower === null ? null : valueAtRank(ranks.lower),
    upper: ranks.upper === null ? null : valueAtRank(ranks.upper),
  };
}

/** `valueAtRank` over an ascending array. Throws RangeError beyond its ends. */
export function sortedValues(sorted: ArrayLike<number>): (rank: number) => number {
  return (rank) => {
    const value = sorted[rank - 1];
    if (value === undefined) throw new RangeError(`rank ${rank} of ${sorted.length} observations`);
    return value;
  };
}
