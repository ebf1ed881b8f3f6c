/**
 * Requests of one run are not independent: a stall delays many at once. Blocks of neighbours keep that likeness inside
 * themselves, so that drawing whole blocks says how far a figure would move from run to run.
 * Source: Künsch, "The Jackknife and the Bootstrap for General Stationary Observations", Annals of Statistics 17 (1989).
 */

import { normalQuantile, studentQuantile } from './student-quantile.js';

/** Fewer blocks say nothing of the spread between them. */
export const BLOCKS_MIN = 30;
const RESAMPLES = 300;
const TAIL = 0.025;
const LIKENESS_MAX = 0.9;

/** Counts by ascending bucket, one array per block, all of one length. */
export type BlockCounts = readonly ArrayLike<number>[];

function bucketAt(counts: Float64Array, rank: number): number {
  let before = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    before += counts[bucket] ?? 0;
    if (before >= rank) return bucket;
  }
  return counts.length - 1;
}

/**
 * Intervals of percentiles (0 < p < 1) as bucket numbers, from blocks drawn with replacement; null below 30 blocks
 * that hold anything.
 */
export function blockIntervals(
  blocks: BlockCounts,
  percentiles: readonly number[],
  random: () => number,
): readonly { readonly lower: number; readonly upper: number }[] | null {
  const filled = blocks.filter((block) => Array.prototype.some.call(block, (count: number) => count > 0));
  if (filled.length < BLOCKS_MIN) return null;
  const buckets = filled[0]?.length ?? 0;
  const drawn: number[][] = percentiles.map(() => []);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const sum = new Float64Array(buckets);
    for (let k = 0; k < filled.length; k++) {
      const block = filled[Math.floor(random() * filled.length)] ?? [];
      for (let i = 0; i < buckets; i++) sum[i] = (sum[i] ?? 0) + (block[i] ?? 0);
    }
    const n = sum.reduce((a, b) => a + b, 0);
    percentiles.forEach((p, i) => drawn[i]?.push(bucketAt(sum, Math.max(1, Math.ceil(n * p - 1e-9)))));
  }
  return drawn.map((values) => {
    values.sort((a, b) => a - b);
    const at = (share: number): number => values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
    return { lower: at(TAIL), upper: at(1 - TAIL) };
  });
}

/** Count, sum and sum of squares of the observations of one block. */
export interface BlockSums {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

/**
 * How many independent observations would tell as much of the mean: the variance of one observation over the variance
 * of the mean that the blocks show. At most n; null below 30 blocks that hold anything.
 */
export function effectiveN(blocks: readonly BlockSums[]): number | null {
  const filled = blocks.filter((block) => block.count > 0);
  if (filled.length < BLOCKS_MIN) return null;
  const n = filled.reduce((total, block) => total + block.count, 0);
  const mean = filled.reduce((total, block) => total + block.sum, 0) / n;
  const variance = filled.reduce((total, block) => total + block.squares, 0) / n - mean * mean;
  // The mean is a ratio (sum over count): its variance by linearisation, so that uneven blocks weigh what they hold.
  const k = filled.length;
  const residual = filled.reduce((total, block) => total + (block.sum - mean * block.count) ** 2, 0);
  const ofMean = ((k / (k - 1)) * residual) / (n * n);
  if (variance <= 0 || ofMean <= 0) return n;
  return Math.min(n, variance / ofMean);
}

/** A drift over the whole series as a share of its mean, with its interval. */
export interface Drift {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** Least-squares change from the first to the last of evenly spaced values. */
function change(values: readonly number[]): number {
  const n = values.length;
  const middle = (n - 1) / 2;
  let covariance = 0;
  let spread = 0;
  for (const [i, value] of values.entries()) {
    covariance += (i - middle) * value;
    spread += (i - middle) ** 2;
  }
  return (covariance / spread) * n;
}

/**
 * By how much to widen an interval because neighbouring blocks are alike, too: √((1 + r)/(1 − r)) with the likeness r
 * of one block to the next, corrected for its bias (Kendall, 1954); because few independent blocks know their own
 * spread badly; and because several drifts are judged together (Bonferroni): Student's t of so many over the normal
 * quantile of one.
 */
function widening(values: readonly number[], size: number, judged: number): number {
  const blocks: number[] = [];
  for (let from = 0; from + size <= values.length; from += size) {
    blocks.push(values.slice(from, from + size).reduce((a, b) => a + b, 0) / size);
  }
  const k = blocks.length;
  let product = 0;
  let squares = 0;
  for (const [i, block] of blocks.entries()) {
    squares += block * block;
    if (i > 0) product += block * (blocks[i - 1] ?? 0);
  }
  const raw = squares > 0 ? product / squares : 0;
  const likeness = Math.min(LIKENESS_MAX, Math.max(0, raw + (1 + 4 * raw) / k));
  const alike = (1 + likeness) / (1 - likeness);
  const freedom = Math.max(1, k / alike - 2);
  return (studentQuantile(freedom, TAIL / judged) / normalQuantile(TAIL)) * Math.sqrt(alike);
}

/**
 * The drift of an evenly spaced series by a straight line, its interval by drawing blocks of what the line leaves over,
 * widened where neighbouring blocks are alike. With several series that are `judged` together, the intervals of all of
 * them hold at once in 95 %. Null where there are fewer than 30 blocks of two, or the mean is not above 0.
 */
export function driftOf(series: readonly number[], random: () => number, judged = 1): Drift | null {
  const n = series.length;
  const size = Math.floor(n / BLOCKS_MIN);
  const mean = series.reduce((a, b) => a + b, 0) / n;
  if (size < 2 || !(mean > 0)) return null;
  const total = change(series);
  const middle = (n - 1) / 2;
  const rest = series.map((value, i) => value - mean - (total / n) * (i - middle));
  const drawn: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const values: number[] = [];
    while (values.length < n) {
      const from = Math.floor(random() * (n - size + 1));
      for (let i = 0; i < size && values.length < n; i++) values.push(rest[from + i] ?? 0);
    }
    drawn.push(change(values));
  }
  drawn.sort((a, b) => a - b);
  const at = (share: number): number => drawn[Math.min(RESAMPLES - 1, Math.floor(RESAMPLES * share))] ?? 0;
  const wide = widening(rest, size, judged);
  return { value: total / mean, lower: (total + wide * at(TAIL)) / mean, upper: (total + wide * at(1 - TAIL)) / mean };
}
