import type { Effect, Prediction } from './observation.js';

export interface CheckedEffect {
  readonly effect: Effect;
  /** Null where the later run did not measure it. */
  readonly measured: number | null;
  /** `held`: within the interval; `refuted`: outside; `unknown`: not measured. */
  readonly outcome: 'held' | 'refuted' | 'unknown';
}

/**
 * Holds a prediction against the phase of the same name in a later run, in which the change was made. Relative to
 * `before`, the same figure of a repeated first run where there is one, so that a machine that became faster or slower
 * meanwhile does not decide.
 */
export function checkPrediction(
  prediction: Pick<Prediction, 'effects'>,
  after: Readonly<Partial<Record<Effect['figure'], number | null>>>,
  before: Readonly<Partial<Record<Effect['figure'], number | null>>> = {},
): CheckedEffect[] {
  return prediction.effects.map((effect) => {
    const measured = after[effect.figure] ?? null;
    if (measured === null || !Number.isFinite(measured)) return { effect, measured: null, outcome: 'unknown' };
    const base = before[effect.figure] ?? effect.before;
    const scaled = base > 0 ? (measured * effect.before) / base : measured;
    const held = scaled >= effect.lower && scaled <= effect.upper;
    return { effect, measured, outcome: held ? 'held' : 'refuted' };
  });
}
