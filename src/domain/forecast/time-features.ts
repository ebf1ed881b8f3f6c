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

/** Sines and cosines of 2π·x/period for x = 0..last, in pairs: a request takes sixty of them. */
function circle(period: number, last: number): Float64Array {
  return Float64Array.from({ length: 2 * (last + 1) }, (_, i) => {
    const angle = (2 * Math.PI * Math.floor(i / 2)) / period;
    return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

const MINUTES_OF_DAY = circle(1440, 1439);
const DAYS_OF_WEEK = circle(7, 6);
const DAYS_OF_YEAR = circle(365.25, 366);

/** Writes the six features of the instant into `out[offset, offset + 6)`; each lies in -1..1. */
export function writeTimeFeatures(epochMs: number, out: Float32Array | Float64Array, offset: number): void {
  const { minOfDay, dayOfWeek, dayOfYear } = calendarOf(epochMs);
  out[offset] = MINUTES_OF_DAY[2 * minOfDay] ?? Number.NaN;
  out[offset + 1] = MINUTES_OF_DAY[2 * minOfDay + 1] ?? Number.NaN;
  out[offset + 2] = DAYS_OF_WEEK[2 * dayOfWeek] ?? Number.NaN;
  out[offset + 3] = DAYS_OF_WEEK[2 * dayOfWeek + 1] ?? Number.NaN;
  out[offset + 4] = DAYS_OF_YEAR[2 * dayOfYear] ?? Number.NaN;
  out[offset + 5] = DAYS_OF_YEAR[2 * dayOfYear + 1] ?? Number.NaN;
}
