import { type Drift, driftOf } from './block-bootstrap.js';

/** Fewer batches are too few to look for the end of a start-up among them. */
export const BATCHES_MIN = 100;
/** MSER-5: a batch is at least five observations. */
export const BATCH_OBSERVATIONS = 5;
/** A drift over the phase beyond this share of its mean is no steady state. */
const DRIFT_MAX = 0.1;
/** What is cut off must also stand out from the rest by this much, in standard errors of its mean. */
const CUT_SIGNIFICANCE = 5;

/**
 * MSER-5: the number of batches to cut off at the start so that the mean of the rest is known best, searched in the
 * first half. Batch means go in. Source: White, Cobb, Spratt, "A Comparison of Five Steady-State Truncation Heuristics
 * for Simulation", Winter Simulation Conference 2000.
 */
export function mserCut(batches: readonly number[]): number {
  const n = batches.length;
  let sum = 0;
  let squares = 0;
  let best = 0;
  let bestError = Number.POSITIVE_INFINITY;
  for (let cut = n - 1; cut >= 0; cut--) {
    const value = batches[cut] ?? 0;
    sum += value;
    squares += value * value;
    const left = n - cut;
    if (cut > n / 2) continue;
    const error = (squares - (sum * sum) / left) / (left * left);
    if (error <= bestError) {
      bestError = error;
      best = cut;
    }
  }
  return best;
}

export interface Steadiness {
  readonly outcome: 'steady' | 'unsteady' | 'undecided';
  readonly reason: string;
  readonly batches: number;
  readonly cutShare: number | null;
  readonly drift: Drift | null;
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/** Mean, and its standard error over blocks of `size` neighbours. */
function meanAndError(values: readonly number[], size: number): { mean: number; error: number } {
  const blocks: number[] = [];
  for (let from = 0; from + size <= values.length; from += size) {
    let sum = 0;
    for (let i = from; i < from + size; i++) sum += values[i] ?? 0;
    blocks.push(sum / size);
  }
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const k = blocks.length;
  const variance = blocks.reduce((sum, block) => sum + (block - mean) ** 2, 0) / Math.max(1, k - 1);
  return { mean, error: Math.sqrt(variance / Math.max(1, k)) };
}

/** Whether what MSER-5 cuts off is a start-up and not a whim of noise: far from the rest, and it ends inside the half. */
function startUp(batches: readonly number[], cut: number): 'none' | 'over' | 'endless' {
  if (cut === 0) return 'none';
  const rest = batches.slice(cut);
  const { mean, error } = meanAndError(rest, Math.max(1, Math.floor(rest.length / 20)));
  const head = batches.slice(0, cut).reduce((a, b) => a + b, 0) / cut;
  const clear = Math.abs(head - mean) > Math.max(DRIFT_MAX * mean, CUT_SIGNIFICANCE * error);
  if (!clear) return 'none';
  return cut >= Math.floor(batches.length / 2) ? 'endless' : 'over';
}

/**
 * Whether a phase was steady. `batches`: means of response time over ≥ 100 equal stretches of time, ≥ 5 requests in
 * each; `load`: what must not drift over the same stretches (open arrivals: requests in flight; closed users, whose
 * number in flight is given: response time). Unsteady: the start-up is not over in the first half, or the drift is
 * beyond 10 % and its interval leaves 0 out. Undecided: too few requests, or so noisy that the interval of the drift
 * reaches beyond 20 % although it holds 0. `judged`: phases of the run that must all be steady; one of many that drifts
 * by chance would make a steady run invalid, so their intervals hold together.
 */
export function steadinessOf(
  batches: readonly number[],
  load: readonly number[],
  random: () => number,
  judged = 1,
): Steadiness {
  const n = batches.length;
  if (n < BATCHES_MIN) {
    const reason = `too few requests: ${n} batches of ${BATCH_OBSERVATIONS}, at least ${BATCHES_MIN} are needed`;
    return { outcome: 'undecided', reason, batches: n, cutShare: null, drift: null };
  }
  const cut = mserCut(batches);
  const drift = driftOf(load, random, judged);
  const found = { batches: n, cutShare: cut / n, drift };
  if (startUp(batches, cut) === 'endless') {
    return { ...found, outcome: 'unsteady', reason: 'its start-up is not over in the first half' };
  }
  if (drift === null) return { ...found, outcome: 'undecided', reason: 'nothing was in flight' };
  const beyond = Math.abs(drift.value) > DRIFT_MAX;
  const sure = drift.lower > 0 || drift.upper < 0;
  const said = `it drifts by ${percent(drift.value)} (${percent(drift.lower)} to ${percent(drift.upper)}) of its mean`;
  if (beyond && sure) return { ...found, outcome: 'unsteady', reason: said };
  if (!sure && Math.max(drift.upper, -drift.lower) > 2 * DRIFT_MAX) {
    return { ...found, outcome: 'undecided', reason: `too noisy to tell: ${said}` };
  }
  return { ...found, outcome: 'steady', reason: said };
}
