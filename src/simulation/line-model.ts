import type { ModelSpec } from '../serving/index.js';

/** The simulated model's columns: the value that it forecasts, and who asked, which no step changes. */
const VALUE = 'value';
const WINDOW_ID = 'window_id';
const LOOKBACK = 2;
const STEP_MS = 60_000;
const FIRST_MS = Date.UTC(2020, 0, 1);

/** A version of the simulated model: lookback 2, two columns, `steps` steps a run. */
export function lineModel(version: number, steps: number): ModelSpec {
  const runId = version.toString(16).padStart(32, '0');
  return {
    runId,
    identifier: 'simulated',
    modelType: 'LINE',
    modelHash: runId.repeat(2),
    version: runId.slice(-12),
    lookback: LOOKBACK,
    steps,
    stepMs: STEP_MS,
    features: 2,
    targets: [VALUE],
    targetKeys: [`,"${VALUE}":`],
    columns: [
      { name: VALUE, feature: 0, target: 0, fill: 0 },
      { name: WINDOW_ID, feature: 1, target: -1, fill: 0 },
    ],
    columnNames: new Set([VALUE, WINDOW_ID]),
    timeFeature: -1,
    // No step changes who asked.
    horizonMax: Number.POSITIVE_INFINITY,
    residuals: { horizons: 1, targets: 1, n: 0, logOffset: [0], values: new Float32Array(0) },
  };
}

/** A window's columns as a client sends them. */
export function lineWindow(windowId: number, value: number): Record<string, unknown[]> {
  const ts = Array.from({ length: LOOKBACK }, (_, row) => new Date(FIRST_MS + row * STEP_MS).toISOString());
  return { ts, [VALUE]: Array(LOOKBACK).fill(value), [WINDOW_ID]: Array(LOOKBACK).fill(windowId) };
}

/** Who asked for each row of a batch, float32 [rows, lookback, features]. */
export function windowIdsOf(windows: Float32Array): number[] {
  const ids: number[] = [];
  for (let at = LOOKBACK * 2 - 1; at < windows.length; at += LOOKBACK * 2) ids.push(windows[at] ?? Number.NaN);
  return ids;
}

/** The forecast values of one window in a reply, in order of steps. */
export function lineForecast(predictions: readonly Readonly<Record<string, unknown>>[]): number[] {
  return predictions.map((row) => Number(row[VALUE]));
}
