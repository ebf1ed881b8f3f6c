import { binomialCdf } from './binomial.js';

/** One-sided confidence of a failure bound. */
const BOUND_CONFIDENCE = 0.95;
const BISECTIONS = 60;

/**
 * The largest failure rate (0..1) that `failures` of `n` requests leave possible at 95 %, one-sided: 0 of n leaves
 * 1 − 0.05^(1/n), so 0 of 320 proves "below 0.93 %" and no more. n = 0 leaves 1. Assumes independent requests.
 * Source: Clopper & Pearson, Biometrika 26 (1934).
 */
export function failureRateBound(failures: number, n: number): number {
  if (n <= 0 || failures >= n) return 1;
  const alpha = 1 - BOUND_CONFIDENCE;
  if (failures === 0) return 1 - alpha ** (1 / n);
  let low = failures / n;
  let high = 1;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (binomialCdf(failures, n, middle) > alpha) low = middle;
    else high = middle;
  }
  return high;
}

/** How many requests without a single failure it takes to claim a success rate (0 < rate < 1): 0.999 takes 2,995. */
export function smallestNForSuccess(rate: number): number {
  return Math.ceil(Math.log(1 - BOUND_CONFIDENCE) / Math.log(rate));
}
