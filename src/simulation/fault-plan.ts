import { seededRandom } from '../domain/arrivals/index.js';
import type { EngineLimits } from '../serving/index.js';

/** A simulated run: the service, its load and its faults, all drawn from one seed. */
export interface FaultPlan {
  readonly seed: number;
  readonly limits: EngineLimits;
  /** Steps of one run of the model. */
  readonly modelSteps: number;
  readonly workers: number;
  readonly perRunUs: number;
  readonly perRowUs: number;
  readonly requests: number;
  /** Mean time between arrivals, µs. */
  readonly gapUs: number;
  readonly longest: number;
  readonly clients: number;
  readonly requestTimeoutMs: number;
  readonly cache: boolean;
  /** Shares of runs that are slow, lose their worker, fail, or give a value that is not finite. */
  readonly slow: number;
  readonly lost: number;
  readonly failed: number;
  readonly notFinite: number;
  /** Share of requests whose client goes away, and how often a refused one tries again. */
  readonly gone: number;
  readonly retries: number;
  /** Whether a refused client waits for Retry-After. */
  readonly patient: boolean;
  /** How often the version changes, the clock leaps and the workers are scaled. */
  readonly swaps: number;
  readonly leaps: number;
  readonly scalings: number;
  /** When the service begins to drain, as a share of the arrivals' time; 1: after the last. */
  readonly drainAt: number;
}

/** Draws from a seed. */
export interface Dice {
  /** Uniform in [0, 1). */
  next(): number;
  /** Whole number in [low, high]. */
  whole(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(values: readonly [T, ...T[]]): T;
}

export function dice(seed: number): Dice {
  const next = seededRandom(seed);
  const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    whole,
    chance: (probability) => next() < probability,
    pick: (values) => values[whole(0, values.length - 1)] ?? values[0],
  };
}

/** Most runs of the model per simulated request: the load is drawn around what the workers can do. */
const LONGEST = 40;

/** Every kind of fault is absent from many seeds, so that each is also met alone. */
export function drawFaultPlan(seed: number): FaultPlan {
  const d = dice(seed);
  const maxBatchRows = d.pick([1, 2, 4, 8, 32]);
  const workers = d.whole(1, 3);
  const perRunUs = d.whole(20, 500);
  const perRowUs = d.whole(5, 100);
  const longest = d.pick([1, 5, LONGEST]);
  const modelSteps = d.pick([1, 1, 4]);
  // From a quarter of what full batches could do to four times as much.
  const rowUs = (perRunUs / maxBatchRows + perRowUs) / workers;
  const gapUs = rowUs * Math.ceil((1 + longest) / 2 / modelSteps) * d.pick([4, 2, 1, 0.5, 0.25]);
  const rarely = (most: number): number => (d.chance(0.5) ? 0 : most * d.next());
  return {
    seed,
    limits: {
      maxBatchRows,
      maxQueueDelayUs: d.pick([0, 0, 0, 500]),
      maxQueueLength: d.pick([4, 20, 500]),
      maxStepsInFlight: d.pick([50, 1000, 100_000]),
      maxBytesInFlight: d.pick([5000, 100_000]),
      maxActive: d.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1, 7]),
      adaptiveConcurrency: d.chance(0.5),
      fairShare: d.chance(0.5),
    },
    modelSteps,
    workers,
    perRunUs,
    perRowUs,
    requests: d.whole(20, 120),
    gapUs,
    longest,
    clients: d.whole(1, 4),
    requestTimeoutMs: d.pick([5, 50, 2000]),
    cache: d.chance(0.3),
    slow: rarely(0.1),
    lost: rarely(0.1),
    failed: rarely(0.05),
    notFinite: rarely(0.05),
    gone: rarely(0.2),
    retries: d.pick([0, 0, 1, 3]),
    patient: d.chance(0.5),
    swaps: d.chance(0.5) ? d.whole(1, 3) : 0,
    leaps: d.chance(0.3) ? d.whole(1, 2) : 0,
    scalings: d.chance(0.3) ? d.whole(1, 3) : 0,
    drainAt: d.chance(0.2) ? 0.5 + d.next() / 2 : 1,
  };
}
