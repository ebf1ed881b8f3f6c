import { latencyRatios, ratioAt } from './latency-ratio.js';
import { fitUsl, type ThroughputLevel, type UslModel, uslPeakUsers, uslThroughput } from './usl.js';

/** Fewer levels leave nothing to check a law of three parameters with. */
export const LEVELS_MIN = 6;
/** Nothing is said of more users than so many times the most that were measured. */
export const REACH = 2;
/** A law that misses a level it has not seen by more than this is not used. */
export const HELD_OUT_ERROR_MAX = 0.1;
/** Percentiles scatter more than means: beyond this error no response time is predicted. */
export const P95_ERROR_MAX = 0.25;
const RESAMPLES = 400;
const TAIL = 0.025;
/** Blocks of a level that say how its throughput moves from one second to the next. */
const BLOCKS_MIN = 5;

/** What a capacity run measured at one number of closed users. */
export interface CapacityLevel extends ThroughputLevel {
  /** Response times of right answers, ms; null where not measured or unsupported. */
  readonly meanMs: number | null;
  readonly p95Ms: number | null;
  /** Throughput of stretches of equal length; empty where unknown. */
  readonly blocksPerS?: readonly number[];
}

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** A level that the law was not fitted to, and what it said of it. */
export interface HeldOut {
  readonly users: number;
  readonly measuredPerS: number;
  readonly predictedPerS: number;
  /** |predicted / measured − 1|. */
  readonly error: number;
  readonly measuredP95Ms: number | null;
  readonly predictedP95Ms: number | null;
  /** Null where p95 was not measured. */
  readonly p95Error: number | null;
}

export interface CapacityModel {
  readonly usl: UslModel;
  readonly lambda: Estimate;
  readonly sigma: Estimate;
  readonly kappa: Estimate;
  /** The levels it was fitted to, by users. */
  readonly levels: readonly CapacityLevel[];
  /** Pause of a user between answer and next request, s. */
  readonly thinkS: number;
  /** No statement beyond so many users. */
  readonly usersMax: number;
  /** Users of the highest throughput; null where it lies beyond `usersMax`. */
  readonly peakUsers: Estimate | null;
  /** Highest throughput: at the peak, else the bound λ/σ that no load passes; null where none shows. */
  readonly ceilingPerS: Estimate | null;
  readonly ceilingIs: 'peak' | 'bound' | null;
  readonly heldOut: readonly HeldOut[];
  /** The largest errors of the held-out levels. */
  readonly error: number;
  readonly p95Error: number | null;
  /** Laws that the scatter of the levels leaves possible. */
  readonly resamples: readonly UslModel[];
}

/** A model, or one sentence that says why there is none; `heldOut` where the law was tried and failed. */
export type CapacityFit =
  | { readonly model: CapacityModel; readonly refusal: null }
  | { readonly model: null; readonly refusal: string; readonly heldOut: readonly HeldOut[] };

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

function refuse(refusal: string, heldOut: readonly HeldOut[] = []): CapacityFit {
  return { model: null, refusal, heldOut };
}

const meanOf = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b) / known.length;
};

/** One level for each number of users, ascending: what was measured twice counts with its mean. */
function mergedByUsers(measured: readonly CapacityLevel[]): CapacityLevel[] {
  const counts = [...new Set(measured.map(({ users }) => users))].sort((a, b) => a - b);
  return counts.map((users) => {
    const levels = measured.filter((level) => level.users === users);
    return {
      users,
      throughputPerS: meanOf(levels.map(({ throughputPerS }) => throughputPerS)) ?? 0,
      meanMs: meanOf(levels.map(({ meanMs }) => meanMs)),
      p95Ms: meanOf(levels.map(({ p95Ms }) => p95Ms)),
      blocksPerS: levels.flatMap(({ blocksPerS }) => blocksPerS ?? []),
    };
  });
}

/** Two interior levels, about a third and two thirds through. */
function heldOutPlaces(count: number): readonly number[] {
  return [Math.round((count - 1) / 3), Math.round((2 * (count - 1)) / 3)];
}

function holdOut(levels: readonly CapacityLevel[], thinkS: number): HeldOut[] | null {
  const places = heldOutPlaces(levels.length);
  const kept = levels.filter((_, i) => !places.includes(i));
  const law = fitUsl(kept);
  if (law === null) return null;
  return places.flatMap((place) => {
    const level = levels[place];
    if (level === undefined) return [];
    const predictedPerS = uslThroughput(law, level.users);
    const ratio = ratioAt(latencyRatios(kept), level.users);
    const meanMs = Math.max(0, (level.users / predictedPerS - thinkS) * 1000);
    const predictedP95Ms = ratio === null || level.p95Ms === null ? null : meanMs * ratio;
    return [
      {
        users: level.users,
        measuredPerS: level.throughputPerS,
        predictedPerS,
        error: Math.abs(predictedPerS / level.throughputPerS - 1),
        measuredP95Ms: level.p95Ms,
        predictedP95Ms,
        p95Error:
          predictedP95Ms === null || level.p95Ms === null || level.p95Ms <= 0
            ? null
            : Math.abs(predictedP95Ms / level.p95Ms - 1),
      },
    ];
  });
}

/** The value of every resample in order, cut at 2.5 and 97.5 %, and stretched where needed so that it holds `value`. */
export function estimateOf(value: number, drawn: readonly number[]): Estimate {
  const sorted = drawn.filter((one) => !Number.isNaN(one)).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? value;
  return { value, lower: Math.min(value, at(TAIL)), upper: Math.max(value, at(1 - TAIL)) };
}

/**
 * Laws fitted to levels drawn anew: the fitted value times one plus a residual of a random level (widened for the
 * parameters that were spent), times how a random choice of the level's own blocks deviates from their mean.
 */
function resample(levels: readonly CapacityLevel[], law: UslModel, random: () => number): UslModel[] {
  const spent = [law.lambda, law.sigma, law.kappa].filter((parameter) => parameter > 0).length;
  const widening = Math.sqrt(levels.length / Math.max(1, levels.length - spent));
  const residuals = levels.map(
    ({ users, throughputPerS }) => (throughputPerS / uslThroughput(law, users) - 1) * widening,
  );
  const pick = (values: readonly number[]): number => values[Math.floor(random() * values.length)] ?? 0;
  const ofBlocks = (blocks: readonly number[]): number => {
    const total = blocks.reduce((a, b) => a + b, 0);
    if (blocks.length < BLOCKS_MIN || !(total > 0)) return 1;
    return blocks.reduce((sum) => sum + pick(blocks), 0) / total;
  };
  const laws: UslModel[] = [];
  for (let i = 0; i < RESAMPLES; i++) {
    const drawn = levels.map(({ users, blocksPerS = [] }) => ({
      users,
      throughputPerS: uslThroughput(law, users) * (1 + pick(residuals)) * ofBlocks(blocksPerS),
    }));
    const fitted = fitUsl(drawn);
    if (fitted !== null) laws.push(fitted);
  }
  return laws;
}

function ceilingOf(law: UslModel, usersMax: number): { perS: number; is: 'peak' | 'bound' } | null {
  const peak = uslPeakUsers(law);
  if (peak <= usersMax) return { perS: uslThroughput(law, peak), is: 'peak' };
  return law.sigma > 0 ? { perS: law.lambda / law.sigma, is: 'bound' } : null;
}

/**
 * Fits the Universal Scalability Law to the levels of a capacity run and holds it against two levels that it has not
 * seen. Refuses, with a sentence, fewer than six levels, none with one user, levels without right answers, and a law
 * that misses a held-out level by more than 10 %. `random` (uniform in [0, 1)) draws the intervals.
 */
export function fitCapacity(measured: readonly CapacityLevel[], thinkS: number, random: () => number): CapacityFit {
  const levels = mergedByUsers(measured);
  const distinct = levels.map(({ users }) => users);
  const silent = levels.find(({ throughputPerS }) => !(throughputPerS > 0));
  if (silent !== undefined) {
    return refuse(`At ${silent.users} users not one request was answered rightly: there is no throughput to fit.`);
  }
  if (distinct.length < LEVELS_MIN) {
    return refuse(
      `${distinct.length} different numbers of users were measured; the scalability law takes at least ${LEVELS_MIN}, as \`flts loadtest capacity\` has them.`,
    );
  }
  if (!distinct.includes(1)) return refuse('No level with one user was measured; the scalability law starts there.');
  const law = fitUsl(levels);
  const heldOut = holdOut(levels, thinkS);
  if (law === null || heldOut === null) return refuse('The levels do not determine a scalability law.');
  const error = Math.max(...heldOut.map((level) => level.error));
  if (!(error <= HELD_OUT_ERROR_MAX)) {
    return refuse(
      `The scalability law does not fit: it misses a level that was held out by ${percent(error)} (at most ${percent(HELD_OUT_ERROR_MAX)}), so nothing is concluded from it.`,
      heldOut,
    );
  }
  const resamples = resample(levels, law, random);
  const p95Errors = heldOut.flatMap(({ p95Error }) => (p95Error === null ? [] : [p95Error]));
  const usersMax = REACH * Math.max(...distinct);
  const ceiling = ceilingOf(law, usersMax);
  const peak = uslPeakUsers(law);
  return {
    refusal: null,
    model: {
      usl: law,
      lambda: estimateOf(
        law.lambda,
        resamples.map(({ lambda }) => lambda),
      ),
      sigma: estimateOf(
        law.sigma,
        resamples.map(({ sigma }) => sigma),
      ),
      kappa: estimateOf(
        law.kappa,
        resamples.map(({ kappa }) => kappa),
      ),
      levels,
      thinkS,
      usersMax,
      peakUsers: peak > usersMax ? null : estimateOf(peak, resamples.map(uslPeakUsers)),
      ceilingPerS:
        ceiling === null
          ? null
          : estimateOf(
              ceiling.perS,
              resamples.map((one) => ceilingOf(one, usersMax)?.perS ?? Number.POSITIVE_INFINITY),
            ),
      ceilingIs: ceiling?.is ?? null,
      heldOut,
      error,
      p95Error: p95Errors.length < heldOut.length ? null : Math.max(...p95Errors),
      resamples,
    },
  };
}
