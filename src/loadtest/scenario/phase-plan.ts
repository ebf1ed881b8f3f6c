import type { ScenarioPhase } from '../../contract/index.js';
import type { ClosedUsers, LoadPlan, RateSegment, UserLevel } from '../../domain/arrivals/index.js';

const US_PER_S = 1e6;

/** Users of a ramp in equal steps up to all of them; of a spike: a third before, a third high, a third after. */
function levelsOf(phase: ScenarioPhase, users: number, lengthUs: number): UserLevel[] {
  const from = phase.from_users;
  if (from === undefined) return [];
  if (phase.kind === 'spike') {
    return [
      { afterUs: 0, users: from },
      { afterUs: lengthUs / 3, users },
      { afterUs: (2 * lengthUs) / 3, users: from },
    ];
  }
  const steps = Math.ceil((users - from) / (phase.step_users ?? 1)) + 1;
  return Array.from({ length: steps }, (_, step) => ({
    afterUs: (lengthUs * step) / steps,
    users: Math.min(users, from + step * (phase.step_users ?? 1)),
  }));
}

function closedPlan(phase: ScenarioPhase, users: number): ClosedUsers {
  const lengthUs = (phase.duration_s ?? Number.POSITIVE_INFINITY) * US_PER_S;
  return {
    users,
    thinkUs: (phase.think_s ?? 0) * US_PER_S,
    startUs: 0,
    endUs: lengthUs,
    requestsPerUser: phase.requests_per_user ?? Number.POSITIVE_INFINITY,
    levels: levelsOf(phase, users, lengthUs),
  };
}

function profileOf(phase: ScenarioPhase, rate: number): RateSegment[] {
  const lengthUs = (phase.duration_s ?? 0) * US_PER_S;
  const from = phase.from_rate;
  if (from === undefined) return [{ lengthUs, fromPerS: rate, toPerS: rate }];
  if (phase.kind !== 'spike') return [{ lengthUs, fromPerS: from, toPerS: rate }];
  const third = lengthUs / 3;
  const low = { lengthUs: third, fromPerS: from, toPerS: from };
  return [low, { lengthUs: third, fromPerS: rate, toPerS: rate }, low];
}

/**
 * What a phase of a scenario loads with, from time 0 on. `capacityPerS` is what `of_capacity` refers to; a phase that
 * does, without one, is refused before (RangeError here).
 */
export function phasePlan(phase: ScenarioPhase, capacityPerS: number | null, seed: number): LoadPlan {
  if (phase.users !== undefined) return { mode: 'closed', ...closedPlan(phase, phase.users) };
  const rate = phase.rate ?? (capacityPerS ?? Number.NaN) * (phase.of_capacity ?? Number.NaN);
  if (!(rate > 0)) throw new RangeError(`phase ${phase.name} has neither users nor a rate`);
  return { mode: 'open', startUs: 0, profile: profileOf(phase, rate), process: phase.arrivals ?? 'constant', seed };
}
