import type { Series } from './series.js';
import { TIME_FEATURES } from './time-features.js';

const DAY_MS = 86_400_000;
/** Cycle of each pair of time features, days. */
const CYCLE_DAYS = [1, 1, 7, 7, 365, 365] as const;

/**
 * 1 for time features whose cycle the series covers at least once, else 0. A model that saw six days of a year knows
 * day-of-year as a trend, not as a season: beyond the training rows it would extrapolate.
 */
export function timeMask(series: Series): number[] {
  const coveredMs = series.rows * series.stepMs;
  return TIME_FEATURES.map((_, i) => (coveredMs >= (CYCLE_DAYS[i] ?? 0) * DAY_MS ? 1 : 0));
}
