import { choleskySolve } from './cholesky.js';
import { type ColumnScale, fitScales, scaleSeries, unscaleValue } from './column-scale.js';
import { clampSeries, cleanOrigins, type Series, timeOfRow } from './series.js';
import { rangeOf } from './series-statistics.js';
import { TIME_FEATURES, writeTimeFeatures } from './time-features.js';
import { timeMask } from './time-mask.js';

/** Penalties that are tried; the one with the least absolute error on the last 20 % of the rows is taken. */
export const RIDGE_PENALTIES = [1, 10, 100, 1000, 10_000] as const;
const SELECTION_SHARE = 0.2;

/**
 * Linear regression of the next `steps` rows, all columns, on the last `lookback` rows and the last row's time
 * features, in standardised space: one direct equation for every step and column, no recursion.
 */
export interface RidgeModel {
  readonly columns: number;
  readonly lookback: number;
  readonly steps: number;
  readonly scales: readonly ColumnScale[];
  /** 1 or 0 for each time feature. */
  readonly mask: readonly number[];
  /** [inputs][outputs] row-major: inputs are lookback·columns (oldest row first), the time features, and 1. */
  readonly weights: Float64Array;
  /** Raw range of each column in training: windows and forecasts are clamped to it. */
  readonly min: readonly number[];
  readonly max: readonly number[];
}

export function ridgeInputs(model: Pick<RidgeModel, 'columns' | 'lookback'>): number {
  return model.lookback * model.columns + TIME_FEATURES.length + 1;
}

/** Sums that a least-squares solution needs: XᵀX and XᵀY; sums over disjoint rows add up. */
interface Moments {
  readonly gram: Float64Array;
  readonly cross: Float64Array;
}

/**
 * Fits the model on a series. The penalty is chosen per output. Throws RangeError when fewer than two windows are
 * clean. Source: Hoerl, Kennard, "Ridge Regression" (1970); the constant is not penalised.
 */
export function fitRidge(series: Series, space: 'log' | 'raw', lookback: number, steps: number): RidgeModel {
  const columns = series.columns.length;
  const scales = fitScales(series, space);
  const mask = timeMask(series);
  const z = scaleSeries(series, scales);
  const inputs = lookback * columns + TIME_FEATURES.length + 1;
  const outputs = steps * columns;
  const all = cleanOrigins(series, lookback, steps, 0, series.rows);
  if (all.length < 2) throw new RangeError('fewer than two windows to fit on');
  const cut = Math.floor(all.length * (1 - SELECTION_SHARE));
  const reader = { series, z, mask, lookback, columns };

  const moments: Moments = { gram: new Float64Array(inputs * inputs), cross: new Float64Array(inputs * outputs) };
  accumulate(moments, reader, all.subarray(0, cut), outputs);
  const candidates = RIDGE_PENALTIES.map((penalty) => solve(moments, inputs, outputs, penalty));
  const choice = choosePenalties(candidates, reader, all.subarray(cut), outputs);
  accumulate(moments, reader, all.subarray(cut), outputs);
  const weights = new Float64Array(inputs * outputs);
  RIDGE_PENALTIES.forEach((penalty, candidate) => {
    if (!choice.includes(candidate)) return;
    const solved = solve(moments, inputs, outputs, penalty);
    for (let i = 0; i < weights.length; i++) {
      if (choice[i % outputs] === candidate) weights[i] = solved[i] ?? 0;
    }
  });
  return { columns, lookback, steps, scales, mask, weights, ...rangeOf(series) };
}

interface Reader {
  readonly series: Series;
  readonly z: Float64Array;
  readonly mask: readonly number[];
  readonly lookback: number;
  readonly columns: number;
}

/** Writes the inputs of an origin into `x`. */
function readInputs(reader: Reader, origin: number, x: Float64Array): void {
  const lags = reader.lookback * reader.columns;
  const end = (origin + 1) * reader.columns;
  x.set(reader.z.subarray(end - lags, end));
  writeTimeFeatures(timeOfRow(reader.series, origin), x, lags);
  for (let i = 0; i < TIME_FEATURES.length; i++) x[lags + i] = (x[lags + i] ?? 0) * (reader.mask[i] ?? 0);
  x[lags + TIME_FEATURES.length] = 1;
}

function accumulate(moments: Moments, reader: Reader, origins: Int32Array, outputs: number): void {
  const inputs = Math.sqrt(moments.gram.length);
  const x = new Float64Array(inputs);
  const { gram, cross } = moments;
  for (const origin of origins) {
    readInputs(reader, origin, x);
    // The rows after the origin lie one after another: they are the outputs in order.
    const from = (origin + 1) * reader.columns;
    const y = reader.z.subarray(from, from + outputs);
    for (let i = 0; i < inputs; i++) {
      const xi = x[i] ?? 0;
      if (xi === 0) continue;
      const gramAt = i * inputs;
      for (let j = 0; j <= i; j++) gram[gramAt + j] = (gram[gramAt + j] ?? 0) + xi * (x[j] ?? 0);
      const crossAt = i * outputs;
      for (let j = 0; j < outputs; j++) cross[crossAt + j] = (cross[crossAt + j] ?? 0) + xi * (y[j] ?? 0);
    }
  }
}

function solve(moments: Moments, inputs: number, outputs: number, penalty: number): Float64Array {
  const a = moments.gram.slice();
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < i; j++) a[j * inputs + i] = a[i * inputs + j] ?? 0;
    const constant = i === inputs - 1;
    // A masked feature has no other term: any positive number keeps the matrix definite and its weight 0.
    a[i * inputs + i] = (a[i * inputs + i] ?? 0) + (constant ? 0 : penalty);
  }
  const weights = moments.cross.slice();
  choleskySolve(a, weights, inputs, outputs);
  return weights;
}

/** Index of the best penalty for each output. */
function choosePenalties(
  candidates: readonly Float64Array[],
  reader: Reader,
  origins: Int32Array,
  outputs: number,
): Uint8Array {
  const inputs = (candidates[0]?.length ?? 0) / outputs;
  const x = new Float64Array(inputs);
  const predicted = new Float64Array(outputs);
  const errors = candidates.map(() => new Float64Array(outputs));
  for (const origin of origins) {
    readInputs(reader, origin, x);
    const from = (origin + 1) * reader.columns;
    candidates.forEach((weights, candidate) => {
      multiply(weights, x, predicted, outputs, 0);
      const error = errors[candidate] ?? predicted;
      for (let j = 0; j < outputs; j++) {
        error[j] = (error[j] ?? 0) + Math.abs((predicted[j] ?? 0) - (reader.z[from + j] ?? 0));
      }
    });
  }
  const choice = new Uint8Array(outputs);
  for (let j = 0; j < outputs; j++) {
    for (let candidate = 1; candidate < errors.length; candidate++) {
      if ((errors[candidate]?.[j] ?? 0) < (errors[choice[j] ?? 0]?.[j] ?? 0)) choice[j] = candidate;
    }
  }
  return choice;
}

/** out = x·W[:, from, from + out.length); `outputs` is the width of W. */
function multiply(weights: Float64Array, x: Float64Array, out: Float64Array, outputs: number, from: number): void {
  out.fill(0);
  for (let i = 0; i < x.length; i++) {
    const xi = x[i] ?? 0;
    const at = i * outputs + from;
    for (let j = 0; j < out.length; j++) out[j] = (out[j] ?? 0) + xi * (weights[at + j] ?? 0);
  }
}

/** Forecasts of one step (1-based, up to the model's steps) from an origin of the series, all columns. */
export interface RidgeForecaster {
  /** Standardised, as the regression answers. The array is reused by the next call. */
  readonly standardised: (origin: number, step: number) => Float64Array;
  /** Raw units, clamped to the training range. The array is the caller's. */
  readonly raw: (origin: number, step: number) => Float64Array;
}

export function ridgeForecaster(model: RidgeModel, series: Series): RidgeForecaster {
  // What training has not seen (an outage inside the window) would be extrapolated without bound.
  const z = scaleSeries(clampSeries(series, model.min, model.max), model.scales);
  const reader: Reader = { series, z, mask: model.mask, lookback: model.lookback, columns: model.columns };
  const x = new Float64Array(ridgeInputs(model));
  const out = new Float64Array(model.columns);
  const standardised = (origin: number, step: number): Float64Array => {
    readInputs(reader, origin, x);
    multiply(model.weights, x, out, model.steps * model.columns, (step - 1) * model.columns);
    return out;
  };
  const raw = (origin: number, step: number): Float64Array =>
    standardised(origin, step).map((value, column) => {
      const scale = model.scales[column];
      if (scale === undefined) throw new RangeError('as many scales as columns are needed');
      const inside = Math.min(model.max[column] ?? Number.POSITIVE_INFINITY, unscaleValue(scale, value));
      return Math.max(model.min[column] ?? inside, inside);
    });
  return { standardised, raw };
}
