import {
  CAUSE_TITLES,
  type CauseName,
  type Effect,
  type Evidence,
  type Finding,
  type PhaseObservation,
} from './observation.js';
import type { Pressure } from './pressure.js';
import type { SystemModel } from './system-model.js';

/** What a rule judges. */
export interface RuleInput {
  readonly phase: PhaseObservation;
  readonly low: PhaseObservation;
  readonly pressure: Pressure;
  /** Null where throughput or response time is missing: then nothing can be predicted. */
  readonly model: SystemModel | null;
}

/** A rule holds the evidence for one cause; null where none of its figures was measured. */
export type Rule = (input: RuleInput) => Finding | null;

function isSound({ lower, expected, upper }: Effect): boolean {
  return [lower, expected, upper].every((value) => Number.isFinite(value)) && lower <= upper;
}

export function found(
  cause: CauseName,
  score: number,
  evidence: { readonly for: readonly (Evidence | null)[]; readonly against: readonly (Evidence | null)[] },
  predictions: Finding['predictions'],
  title: string = CAUSE_TITLES[cause],
): Finding {
  return {
    cause,
    title,
    score: Number.isFinite(score) ? Math.min(1, Math.max(0, score)) : 0,
    evidenceFor: evidence.for.filter((entry) => entry !== null),
    evidenceAgainst: evidence.against.filter((entry) => entry !== null),
    // Figures that contradict each other (no users, but answers) carry no prediction.
    predictions: predictions.filter(({ effects }) => effects.every(isSound)),
  };
}
