import {
  type ColumnScale,
  clampSeries,
  fitScales,
  rangeOf,
  type Series,
  scaleSeries,
  TIME_FEATURES,
  timeMask,
  timeOfRow,
  writeTimeFeatures,
} from '../../domain/forecast/index.js';

/** How raw windows become what a network reads, and back: fitted on training rows, then nodes of the model's graph. */
export interface FeatureSpace {
  readonly columns: readonly string[];
  readonly lookback: number;
  readonly scales: readonly ColumnScale[];
  /** 1 or 0 for each time feature. */
  readonly mask: readonly number[];
  /** Raw range of each column in training: windows and forecasts are clamped to it. */
  readonly min: readonly number[];
  readonly max: readonly number[];
}

/** Fits the log space on the rows of the series that are not excluded. */
export function fitFeatureSpace(series: Series, lookback: number): FeatureSpace {
  return {
    columns: series.columns,
    lookback,
    scales: fitScales(series, 'log'),
    mask: timeMask(series),
    ...rangeOf(series),
  };
}

/** Features of a window: data columns, then time features (CONTRACT §4). */
export function featureNames(columns: readonly string[]): string[] {
  return [...columns, ...TIME_FEATURES];
}

/** Standardised inputs [rows, columns + time features] and targets [rows, columns] of every row. */
export function standardise(space: FeatureSpace, series: Series): { inputs: Float32Array; targets: Float32Array } {
  const width = series.columns.length;
  const features = width + TIME_FEATURES.length;
  const targets = Float32Array.from(scaleSeries(series, space.scales));
  const clamped = Float32Array.from(scaleSeries(clampSeries(series, space.min, space.max), space.scales));
  const inputs = new Float32Array(series.rows * features);
  for (let row = 0; row < series.rows; row++) {
    const at = row * features;
    inputs.set(clamped.subarray(row * width, (row + 1) * width), at);
    writeTimeFeatures(timeOfRow(series, row), inputs, at + width);
    space.mask.forEach((factor, i) => {
      inputs[at + width + i] = (inputs[at + width + i] ?? 0) * factor;
    });
  }
  return { inputs, targets };
}

/** Raw windows [origins, lookback, features] float32, as a model's graph reads them; each ends at its origin row. */
export function rawWindows(
  series: Series,
  origins: ArrayLike<number>,
  lookback: number,
  takesTime = true,
): Float32Array {
  const width = series.columns.length;
  const features = width + (takesTime ? TIME_FEATURES.length : 0);
  const windows = new Float32Array(origins.length * lookback * features);
  for (let i = 0; i < origins.length; i++) {
    const first = (origins[i] ?? 0) - lookback + 1;
    if (first < 0) throw new RangeError(`the window that ends at row ${origins[i] ?? 0} begins before the series`);
    for (let step = 0; step < lookback; step++) {
      const row = first + step;
      const at = (i * lookback + step) * features;
      for (let column = 0; column < width; column++) {
        windows[at + column] = series.values[row * width + column] ?? 0;
      }
      if (takesTime) writeTimeFeatures(timeOfRow(series, row), windows, at + width);
    }
  }
  return windows;
}
