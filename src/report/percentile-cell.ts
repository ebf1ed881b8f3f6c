import { PERCENTILES, type PercentileName, type RunPhase } from '../contract/index.js';
import { smallestSupportedN } from '../domain/stats/index.js';
import { milliseconds } from './format.js';
import { answersOf } from './run-bundle.js';

/** Whether a percentile of the phase has an upper bound; null where nobody says how many answers there were. */
export function hasUpperBound(phase: RunPhase, name: PercentileName): boolean | null {
  const entry = phase.percentiles?.[name];
  if (entry !== undefined) return entry.upper_ms !== null;
  const n = answersOf(phase);
  return n === null ? null : n >= smallestSupportedN(PERCENTILES[name]);
}

/**
 * A percentile as it may be printed: `51.8 (51.7–52.0)`; `≥ 686, n too small` where its interval has no upper bound;
 * `51.8*` where the generator's own lag carries it; `–` where it was not measured.
 */
export function percentileCell(phase: RunPhase, name: PercentileName, withInterval = true): string {
  const value = phase[`${name}_ms`] ?? null;
  if (value === null) return '–';
  if (hasUpperBound(phase, name) === false) return `≥ ${milliseconds(phase.max_ms ?? value)}, n too small`;
  const entry = phase.percentiles?.[name];
  const text = `${milliseconds(value)}${entry?.supported === false ? '*' : ''}`;
  if (!withInterval || entry === undefined || entry.upper_ms === null) return text;
  return `${text} (${entry.lower_ms === null ? '' : milliseconds(entry.lower_ms)}–${milliseconds(entry.upper_ms)})`;
}

/** Whether any printed percentile bears the mark of an unsupported one. */
export function anyUnsupported(phases: readonly RunPhase[]): boolean {
  return phases.some((phase) => Object.values(phase.percentiles ?? {}).some((entry) => !entry.supported));
}
