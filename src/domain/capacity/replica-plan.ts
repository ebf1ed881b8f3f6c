import type { CapacityModel, Estimate } from './capacity-model.js';
import { predictAt } from './closed-latency.js';
import { uslThroughput } from './usl.js';

/** What is wanted of the whole service. */
export interface PlanTarget {
  /** Closed users at once; null: not asked for. */
  readonly users: number | null;
  /** Requests per second, open arrivals; null: not asked for. */
  readonly ratePerS: number | null;
  /** Highest p95 response time, ms. */
  readonly p95Ms: number;
  /** Share of the capacity that open arrivals leave free, 0 ≤ x < 1. */
  readonly headroom: number;
}

/** The system that the model was fitted to. */
export interface MeasuredSystem {
  readonly model: CapacityModel;
  /** Replicas that shared the measured load evenly, ≥ 1. */
  readonly replicas: number;
  /** Largest open rate of the whole system that kept a p95, as a search found it; null without one. */
  readonly knee: { readonly ratePerS: number; readonly p95Ms: number } | null;
}

/** How many times as fast one replica works; 1 = as measured. `lower` is planned with. */
export type Speed = Estimate;
export const AS_MEASURED: Speed = { value: 1, lower: 1, upper: 1 };

/** How much one replica takes while p95 holds. */
export interface ReplicaCapacity {
  readonly users: number;
  readonly ratePerS: Estimate;
  readonly limitedBy: 'p95' | 'peak' | 'reach';
}

/** Replicas for a target, and what the model says of them. */
export interface ReplicaPlan {
  /** Enough at the cautious end of every interval. */
  readonly replicas: number;
  /** Enough if the fitted values are exact. */
  readonly replicasIfExact: number;
  readonly perReplica: ReplicaCapacity;
  /** Where the open rate of a replica comes from. */
  readonly rateFrom: 'search' | 'model' | null;
  /** At the target, over all replicas. */
  readonly throughputPerS: Estimate;
  readonly p95Ms: Estimate;
}

export type PlanResult =
  | { readonly plan: ReplicaPlan; readonly refusal: null }
  | { readonly plan: null; readonly refusal: string };

/** More replicas than these are no plan. */
export const REPLICAS_MAX = 10_000;
/** Loads that are tried between one user and the end of the reach, and halvings of the last gap. */
const GRID = 60;
const HALVINGS = 14;
/** Beyond the peak, throughput may have fallen by so much before nothing more is planned there. */
const PEAK_LOSS_MAX = 0.05;

/** The largest load up to which a condition holds from one user on; null where it does not hold there. */
function lastLoad(model: CapacityModel, holds: (users: number) => boolean): number | null {
  let kept: number | null = null;
  for (let i = 0; i <= GRID; i++) {
    let broken = Math.min(model.usersMax, model.usersMax ** (i / GRID));
    if (holds(broken)) {
      kept = broken;
      continue;
    }
    if (kept === null) return null;
    for (let step = 0; step < HALVINGS; step++) {
      const middle: number = (kept + broken) / 2;
      if (holds(middle)) kept = middle;
      else broken = middle;
    }
    return kept;
  }
  return kept;
}

/** p95 of the whole system at `users` when every replica is so fast; null outside the model's reach or without p95. */
function p95At(model: CapacityModel, users: number, speed: Speed): Estimate | null {
  const p95 = predictAt(model, users)?.p95Ms ?? null;
  if (p95 === null) return null;
  return { value: p95.value / speed.value, lower: p95.lower / speed.upper, upper: p95.upper / speed.lower };
}

/** X = N/(R/speed + Z). */
function throughputAt(model: CapacityModel, users: number, speed: Speed): Estimate | null {
  const mean = predictAt(model, users)?.meanMs;
  if (mean === undefined) return null;
  const perS = (ms: number, faster: number): number => users / (ms / 1000 / faster + model.thinkS);
  return {
    value: perS(mean.value, speed.value),
    lower: perS(mean.upper, speed.lower),
    upper: perS(mean.lower, speed.upper),
  };
}

/** Largest load up to which every smaller one keeps the limit, too, and throughput has not fallen from its peak. */
function largestLoad(
  { model }: MeasuredSystem,
  limitMs: number,
  speed: Speed,
  end: 'upper' | 'value',
): { users: number; limitedBy: ReplicaCapacity['limitedBy'] } | null {
  const peak = model.peakUsers?.value ?? Number.POSITIVE_INFINITY;
  const least = Number.isFinite(peak) ? (1 - PEAK_LOSS_MAX) * uslThroughput(model.usl, peak) : 0;
  const isPastPeak = (users: number): boolean => users > peak && uslThroughput(model.usl, users) < least;
  const isKept = (users: number): boolean => (p95At(model, users, speed)?.[end] ?? Number.POSITIVE_INFINITY) <= limitMs;
  const users = lastLoad(model, (load) => !isPastPeak(load) && isKept(load));
  if (users === null) return null;
  const beyond = Math.min(model.usersMax, users * (1 + 1e-3));
  if (beyond === users) return { users, limitedBy: 'reach' };
  return { users, limitedBy: isPastPeak(beyond) ? 'peak' : 'p95' };
}

const scaled = (estimate: Estimate, factor: number): Estimate => ({
  value: estimate.value * factor,
  lower: estimate.lower * factor,
  upper: estimate.upper * factor,
});

/** What the whole service does with so many replicas at the target; null where the model does not reach. */
export function serviceAt(
  system: MeasuredSystem,
  target: PlanTarget,
  replicas: number,
  speed: Speed,
): { readonly throughputPerS: Estimate; readonly p95Ms: Estimate } | null {
  const { model, replicas: measured } = system;
  const factor = replicas / measured;
  const capacityOf = (users: number): Estimate | null => {
    const found = throughputAt(model, users, speed);
    return found === null ? null : scaled(found, factor);
  };
  let users = Math.max(1, (target.users ?? 0) / factor);
  if (target.ratePerS !== null) {
    const { ratePerS } = target;
    const below = lastLoad(model, (load) => (capacityOf(load)?.value ?? 0) < ratePerS);
    if (below === model.usersMax) return null;
    users = Math.max(users, below ?? 1);
  }
  const throughputPerS = capacityOf(users);
  const p95Ms = p95At(model, users, speed);
  return throughputPerS === null || p95Ms === null ? null : { throughputPerS, p95Ms };
}

function perReplicaOf(
  system: MeasuredSystem,
  target: PlanTarget,
  speed: Speed,
  end: 'upper' | 'value',
): (ReplicaCapacity & { readonly openPerS: number; readonly rateFrom: 'search' | 'model' }) | null {
  const load = largestLoad(system, target.p95Ms, speed, end);
  const throughput = load === null ? null : throughputAt(system.model, load.users, speed);
  if (load === null || throughput === null) return null;
  const { knee, replicas } = system;
  const isKnee = knee !== null && knee.p95Ms <= target.p95Ms;
  const openPerS = isKnee ? knee.ratePerS * speed.lower : throughput[end === 'upper' ? 'lower' : 'value'];
  return {
    users: load.users / replicas,
    limitedBy: load.limitedBy,
    ratePerS: scaled(throughput, 1 / replicas),
    openPerS: openPerS / replicas,
    rateFrom: isKnee ? 'search' : 'model',
  };
}

/**
 * The smallest number of replicas that keeps p95 for the target, when a balancer spreads load evenly and replicas share
 * nothing that gets scarce. Closed users need ⌈users / users per replica⌉, open arrivals
 * ⌈rate / (rate per replica · (1 − headroom))⌉. Refuses with a sentence what the model cannot say.
 */
export function planReplicas(system: MeasuredSystem, target: PlanTarget, speed: Speed = AS_MEASURED): PlanResult {
  const refuse = (refusal: string): PlanResult => ({ plan: null, refusal });
  const alone = p95At(system.model, 1, speed);
  if (alone === null) {
    return refuse(
      system.model.p95Error === null
        ? 'p95 was not measured at every level, so no response time is predicted.'
        : `The predicted p95 misses a held-out level by ${(system.model.p95Error * 100).toFixed(0)} %, so no response time is predicted.`,
    );
  }
  const cautious = perReplicaOf(system, target, speed, 'upper');
  if (cautious === null) {
    return refuse(
      `One user alone waits up to ${alone.upper.toPrecision(3)} ms at p95, more than ${target.p95Ms.toPrecision(3)} ms: more replicas do not help, only faster ones.`,
    );
  }
  const exact = perReplicaOf(system, target, speed, 'value') ?? cautious;
  const needed = ({ users, openPerS }: { users: number; openPerS: number }): number =>
    Math.max(
      1,
      target.users === null ? 0 : Math.ceil(target.users / users - 1e-9),
      target.ratePerS === null ? 0 : Math.ceil(target.ratePerS / (openPerS * (1 - target.headroom)) - 1e-9),
    );
  const replicas = needed(cautious);
  if (!(replicas <= REPLICAS_MAX)) {
    return refuse(`That takes ${replicas} replicas, more than ${REPLICAS_MAX}: measure a larger configuration first.`);
  }
  const at = serviceAt(system, target, replicas, speed);
  if (at === null) return refuse('The target lies beyond what the model may say.');
  const { users, ratePerS, limitedBy } = cautious;
  return {
    refusal: null,
    plan: {
      replicas,
      replicasIfExact: Math.min(replicas, needed(exact)),
      perReplica: { users, ratePerS, limitedBy },
      rateFrom: target.ratePerS === null ? null : cautious.rateFrom,
      ...at,
    },
  };
}
