import { calendarOf } from './timestamp.js';

/**
 * The six time features of a row, in the order in which they follow the data columns in every model's window
 * (CONTRACT §4). Each is the sine or cosine of 2π·x/period: minute of day / 1440, day of week (Monday 0) / 7,
 * day of year (first day 1) / 365.25.
 */
export const TIME_FEATURES = [
  'min_of_day_sin',
  'min_of_day_cos',
  'day_of_week_sin',
  'day_of_week_cos',
  'day_of_year_sin',
  'day_of_year_cos',
] as const;

/** Writes the six features of the instant into `out[offset, offset + 6)`; each lies in -1..1. */
export function writeTimeFeatures(epochMs: number, out: Float32Array | Float64Array, offset: number): void {
  const { minOfDay, dayOfWeek, dayOfYear } = calendarOf(epochMs);
  const minuteAngle = (2 * Math.PI * minOfDay) / 1440;
  const weekAngle = (2 * Math.PI * dayOfWeek) / 7;
  const yearAngle = (2 * Math.PI * dayOfYear) / 365.25;
  out[offset] = Math.sin(minuteAngle);
  out[offset + 1] = Math.cos(minuteAngle);
  out[offset + 2] = Math.sin(weekAngle);
  out[offset + 3] = Math.cos(weekAngle);
  out[offset + 4] = Math.sin(yearAngle);
  out[offset + 5] = Math.cos(yearAngle);
}
