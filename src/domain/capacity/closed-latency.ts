import { type CapacityModel, type Estimate, estimateOf, P95_ERROR_MAX } from './capacity-model.js';
import { latencyRatios, ratioAt } from './latency-ratio.js';
import { uslThroughput } from './usl.js';

/** What a model says of one number of closed users. */
export interface Prediction {
  readonly users: number;
  readonly throughputPerS: Estimate;
  readonly meanMs: Estimate;
  /** Null where p95 was not measured, or was missed too far at the held-out levels. */
  readonly p95Ms: Estimate | null;
}

/** R = N/X − Z in ms, at least 0. */
function responseMs(users: number, throughputPerS: number, thinkS: number): number {
  return Math.max(0, (users / throughputPerS - thinkS) * 1000);
}

/**
 * Throughput by the fitted law, mean response time by the interactive response time law R = N/X − Z, p95 by its measured
 * distance from the mean, its interval widened by what it missed at the held-out levels. Null beyond `usersMax` or
 * below one user. Source of the law: Denning & Buzen, "The Operational Analysis of Queueing Network Models" (1978).
 */
export function predictAt(model: CapacityModel, users: number): Prediction | null {
  if (!(users >= 1 && users <= model.usersMax)) return null;
  const throughputs = model.resamples.map((law) => uslThroughput(law, users));
  const throughputPerS = estimateOf(uslThroughput(model.usl, users), throughputs);
  const meanMs = estimateOf(
    responseMs(users, throughputPerS.value, model.thinkS),
    throughputs.map((perS) => responseMs(users, perS, model.thinkS)),
  );
  const ratio = ratioAt(latencyRatios(model.levels), users);
  const { p95Error } = model;
  const p95Ms =
    ratio === null || p95Error === null || p95Error > P95_ERROR_MAX
      ? null
      : {
          value: meanMs.value * ratio,
          lower: meanMs.lower * ratio * (1 - p95Error),
          upper: meanMs.upper * ratio * (1 + p95Error),
        };
  return { users, throughputPerS, meanMs, p95Ms };
}
