import { FltsError } from '../../contract/index.js';
import {
  type ColumnForecast,
  type ColumnScale,
  decodeFloats,
  encodeFloats,
  exponentialSmoothing,
  fitRidge,
  fitSmoothing,
  movingAverage,
  persistence,
  type RidgeModel,
  ridgeForecaster,
  ridgeInputs,
  seasonal,
  type Series,
} from '../../domain/forecast/index.js';

/** What of the baselines is fitted: kept in the bundle, so that a later evaluation uses what training used. */
export interface BaselineSet {
  /** SES's α of each column. */
  readonly smoothing: readonly number[];
  readonly ridgeRaw: RidgeModel;
  readonly ridgeLog: RidgeModel;
}

export function fitBaselines(series: Series, lookback: number, steps: number): BaselineSet {
  return {
    smoothing: fitSmoothing(series),
    ridgeRaw: fitRidge(series, 'raw', lookback, steps),
    ridgeLog: fitRidge(series, 'log', lookback, steps),
  };
}

/** A baseline over one series: its name, and its forecasts; null beyond what it can forecast. */
export interface BaselineForecast {
  readonly name: string;
  readonly forecast: ColumnForecast;
  /** Longest step that it forecasts. */
  readonly stepsMax: number;
}

/** All baselines over a series, in the order of the accuracy table; null: those that need no fit. */
export function baselineForecasts(set: BaselineSet | null, series: Series): BaselineForecast[] {
  const ridge = (model: RidgeModel): ColumnForecast => {
    const forecaster = ridgeForecaster(model, series);
    let row: Float64Array | null = null;
    let at = { origin: -1, step: -1 };
    // A table asks for all columns of one origin and step, one after the other.
    return (origin, step, column) => {
      if (row === null || at.origin !== origin || at.step !== step) {
        row = forecaster.raw(origin, step);
        at = { origin, step };
      }
      return row[column] ?? Number.NaN;
    };
  };
  const any = Number.POSITIVE_INFINITY;
  const simple = [
    { name: 'persistence', forecast: persistence(series), stepsMax: any },
    { name: 'seasonal_24h', forecast: seasonal(series), stepsMax: any },
    { name: 'moving_average_5', forecast: movingAverage(series), stepsMax: any },
  ];
  if (set === null) return simple;
  return [
    ...simple,
    { name: 'ses', forecast: exponentialSmoothing(series, set.smoothing), stepsMax: any },
    { name: 'ridge_raw', forecast: ridge(set.ridgeRaw), stepsMax: set.ridgeRaw.steps },
    { name: 'ridge_log', forecast: ridge(set.ridgeLog), stepsMax: set.ridgeLog.steps },
  ];
}

/** As the bundle holds it: plain JSON, weights as base64 float32. */
export function writeBaselines(set: BaselineSet): Record<string, unknown> {
  return { ses: set.smoothing, ridge_raw: writeRidge(set.ridgeRaw), ridge_log: writeRidge(set.ridgeLog) };
}

function writeRidge(model: RidgeModel): Record<string, unknown> {
  const { columns, lookback, steps, scales, mask, min, max } = model;
  return { columns, lookback, steps, scales, mask, min, max, weights: encodeFloats(model.weights) };
}

/**
 * The inverse of `writeBaselines`; null for a model that was imported without rows. Throws FLTS_BUNDLE_CORRUPT when the
 * parts are missing or do not fit.
 */
export function readBaselines(
  value: Readonly<Record<string, unknown>>,
  columns: number,
  runId: string,
): BaselineSet | null {
  if (Object.keys(value).length === 0) return null;
  const smoothing = value['ses'];
  if (!isNumbers(smoothing, columns)) throw corrupt(runId, 'ses');
  return {
    smoothing,
    ridgeRaw: readRidge(value['ridge_raw'], columns, runId),
    ridgeLog: readRidge(value['ridge_log'], columns, runId),
  };
}

function readRidge(value: unknown, columns: number, runId: string): RidgeModel {
  if (typeof value !== 'object' || value === null) throw corrupt(runId, 'ridge');
  const { lookback, steps, scales, mask, min, max, weights } = value as Record<string, unknown>;
  const fits =
    Number.isInteger(lookback) &&
    Number.isInteger(steps) &&
    typeof weights === 'string' &&
    isNumbers(mask, 6) &&
    isNumbers(min, columns) &&
    isNumbers(max, columns) &&
    areScales(scales, columns);
  if (!fits) throw corrupt(runId, 'ridge');
  const shape = { columns, lookback: lookback as number, steps: steps as number };
  const decoded = Float64Array.from(decodeFloats(weights));
  if (decoded.length !== ridgeInputs(shape) * shape.steps * columns) throw corrupt(runId, 'ridge weights');
  return { ...shape, scales, mask, min, max, weights: decoded };
}

function isNumbers(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every((item) => typeof item === 'number');
}

function areScales(value: unknown, length: number): value is ColumnScale[] {
  return Array.isArray(value) && value.length === length && value.every(isScale);
}

function isScale(value: unknown): value is ColumnScale {
  if (typeof value !== 'object' || value === null) return false;
  const { logOffset, mean, std } = value as Record<string, unknown>;
  return typeof mean === 'number' && typeof std === 'number' && (logOffset === null || typeof logOffset === 'number');
}

function corrupt(runId: string, part: string): FltsError {
  return new FltsError('FLTS_BUNDLE_CORRUPT', `The bundle of run ${runId} has unreadable baselines (${part}).`);
}
