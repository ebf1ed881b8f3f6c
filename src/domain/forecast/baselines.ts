import type { Series } from './series.js';

/** Rows that the moving average looks back. */
export const MOVING_AVERAGE_ROWS = 5;
const DAY_MS = 86_400_000;
/** Smoothing factors that are tried for SES: 0.1, 0.2 … 1. */
const ALPHA_STEPS = 10;

/** Forecast of one column at one step (1-based) after an origin row, raw units. */
export type ColumnForecast = (origin: number, step: number, column: number) => number;

/** Rows of one day; a step that does not divide a day takes the nearest whole number. */
export function rowsPerDay(stepMs: number): number {
  return Math.max(1, Math.round(DAY_MS / stepMs));
}

function valueAt(series: Series, row: number, column: number): number {
  const value = series.values[row * series.columns.length + column];
  if (row < 0 || value === undefined) throw new RangeError(`row ${row} is outside the series`);
  return value;
}

/** The last value stays. */
export function persistence(series: Series): ColumnForecast {
  return (origin, _step, column) => valueAt(series, origin, column);
}

/** The value of the same time one day before; further back in whole days when that lies after the origin. */
export function seasonal(series: Series): ColumnForecast {
  const day = rowsPerDay(series.stepMs);
  return (origin, step, column) => valueAt(series, origin + step - day * Math.ceil(step / day), column);
}

/** The mean of the last five values stays. */
export function movingAverage(series: Series): ColumnForecast {
  return (origin, _step, column) => {
    let sum = 0;
    for (let back = 0; back < MOVING_AVERAGE_ROWS; back++) sum += valueAt(series, origin - back, column);
    return sum / MOVING_AVERAGE_ROWS;
  };
}

/**
 * Simple exponential smoothing: level ← level + α·(value − level), and the level stays. It starts at the series'
 * first row, so a series needs some rows before the first origin. Source: Hyndman, Athanasopoulos, "Forecasting:
 * Principles and Practice", ch. 8.1.
 */
export function exponentialSmoothing(series: Series, alphas: readonly number[]): ColumnForecast {
  const width = series.columns.length;
  const levels = new Float64Array(series.values.length);
  for (let i = 0; i < levels.length; i++) {
    const before = i < width ? (series.values[i] ?? 0) : (levels[i - width] ?? 0);
    levels[i] = before + (alphas[i % width] ?? 0) * ((series.values[i] ?? 0) - before);
  }
  return (origin, _step, column) => levels[origin * width + column] ?? 0;
}

/** The α in (0, 1] of each column with the least absolute error one step ahead; the smaller one of equals. */
export function fitSmoothing(series: Series): number[] {
  const width = series.columns.length;
  return series.columns.map((_, column) => {
    let best = 1;
    let bestError = Number.POSITIVE_INFINITY;
    for (let i = 1; i <= ALPHA_STEPS; i++) {
      const alpha = i / ALPHA_STEPS;
      let level = series.values[column] ?? 0;
      let error = 0;
      for (let row = 1; row < series.rows; row++) {
        const miss = (series.values[row * width + column] ?? 0) - level;
        error += Math.abs(miss);
        level += alpha * miss;
      }
      if (error < bestError) {
        best = alpha;
        bestError = error;
      }
    }
    return best;
  });
}
