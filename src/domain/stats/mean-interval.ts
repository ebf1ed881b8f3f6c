import { studentQuantile } from './student-quantile.js';

/** Fewer values know too little of their own spread. */
const VALUES_MIN = 5;

/** A mean with its two-sided 95 % interval. */
export interface MeanInterval {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * The mean of at least five values, such as the throughput of seconds, ± t·s/√n with Student's t; null below five. Assumes that values are independent: neighbours that are alike make it too narrow.
 */
export function meanInterval(values: readonly number[]): MeanInterval | null {
  const n = values.length;
  if (n < VALUES_MIN) return null;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile(n - 1, 0.025) * Math.sqrt(variance / n);
  return { mean, lower: mean - half, upper: mean + half };
}
