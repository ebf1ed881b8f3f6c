/** One measured rate of the search; `invalid` = the instrument, not the service, gave out. */
export interface KneeStep {
  readonly ratePerS: number;
  readonly outcome: 'kept' | 'broken' | 'invalid';
  /** A long step that was to confirm what short ones found. */
  readonly confirming: boolean;
}

export interface KneeSettings {
  /** Where to begin: about what closed users reached. */
  readonly startPerS: number;
  readonly maxPerS: number;
  /** The bracket is narrow enough when broken / kept ≤ 1 + precision. */
  readonly precision: number;
}

export type KneeDecision =
  | { readonly next: 'measure'; readonly ratePerS: number; readonly confirming: boolean }
  | {
      readonly next: 'done';
      /** The largest rate that was kept; null: none was. */
      readonly keptPerS: number | null;
      /** The smallest rate that was broken; null: none was. */
      readonly brokenPerS: number | null;
      readonly confirmed: boolean;
      readonly note: string;
    };

const GROWTH = 1.5;
const SHRINKING = 0.5;
/** Below this share of where it began, the search gives up. */
const FLOOR_SHARE = 1 / 64;
const STEPS_MAX = 24;
const CONFIRMATIONS_MAX = 3;

interface Bracket {
  readonly kept: number | null;
  readonly broken: number | null;
  /** The bracket's upper end is where the instrument gave out. */
  readonly limited: boolean;
}

function bracketOf(steps: readonly KneeStep[]): Bracket {
  const rates = (wanted: (step: KneeStep) => boolean): number[] => steps.filter(wanted).map(({ ratePerS }) => ratePerS);
  const invalidTwice = (step: KneeStep): boolean =>
    step.outcome === 'invalid' &&
    steps.filter((other) => other.outcome === 'invalid' && other.ratePerS === step.ratePerS).length > 1;
  const brokenAt = Math.min(...rates(({ outcome }) => outcome === 'broken'));
  const unmeasurableAt = Math.min(...rates(invalidTwice));
  const end = Math.min(brokenAt, unmeasurableAt);
  // A rate kept once and broken once is broken.
  const kept = Math.max(...rates(({ outcome, ratePerS }) => outcome === 'kept' && ratePerS < end));
  return {
    kept: Number.isFinite(kept) ? kept : null,
    broken: Number.isFinite(end) ? end : null,
    limited: unmeasurableAt < brokenAt,
  };
}

function done({ kept, broken, limited }: Bracket, confirmed: boolean, note: string): KneeDecision {
  const said = limited ? `${note}; beyond it the load generator gave out, not the service` : note;
  return { next: 'done', keptPerS: kept, brokenPerS: broken, confirmed, note: said };
}

/**
 * What to measure next in the search for the largest rate that keeps a requirement: grow or shrink until there is a
 * bracket, halve it (in the geometric middle), then confirm its lower end by a long step. A step that was invalid is
 * measured once more; invalid twice, the rate counts as beyond reach.
 */
export function nextKneeStep(steps: readonly KneeStep[], settings: KneeSettings): KneeDecision {
  const { startPerS, maxPerS, precision } = settings;
  const bracket = bracketOf(steps);
  const { kept, broken } = bracket;
  const last = steps.at(-1);
  if (last?.confirming === true && last.outcome === 'kept') {
    return done(bracket, true, 'confirmed by a long step');
  }
  if (steps.length >= STEPS_MAX) return done(bracket, false, `not confirmed within ${STEPS_MAX} steps`);
  const measure = (ratePerS: number, confirming = false): KneeDecision => ({ next: 'measure', ratePerS, confirming });
  if (last?.outcome === 'invalid' && last.ratePerS !== broken) return measure(last.ratePerS, last.confirming);
  if (kept === null) {
    if (broken === null) return measure(Math.min(startPerS, maxPerS));
    const lower = broken * SHRINKING;
    if (lower < startPerS * FLOOR_SHARE) return done(bracket, false, 'no rate kept the requirement');
    return measure(lower);
  }
  if (broken === null && kept < maxPerS) return measure(Math.min(maxPerS, kept * GROWTH));
  if (broken !== null && broken / kept > 1 + precision) return measure(Math.sqrt(kept * broken));
  if (steps.filter(({ confirming }) => confirming).length >= CONFIRMATIONS_MAX) {
    return done(bracket, false, 'long steps did not confirm it');
  }
  return measure(kept, true);
}
