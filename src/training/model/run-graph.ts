import { type Series, TIME_FEATURES, timeOfRow, writeTimeFeatures } from '../../domain/forecast/index.js';
import type { TensorProgram } from '../ports.js';
import { rawWindows } from './feature-space.js';

/** Windows in one run of a graph. */
const RUN_ROWS = 256;

/** A loaded model and its shape; its data columns are those of the series, in their order. */
export interface LoadedModel {
  readonly program: TensorProgram;
  readonly lookback: number;
  readonly steps: number;
  /** Whether the time features follow the data columns in its window; left out: they do. */
  readonly takesTime?: boolean;
  /** Column of each target; left out: all columns in order. */
  readonly targets?: readonly number[];
}

/** The longest horizon: without end where every column of the series is predicted, else the model's steps. */
export function horizonMax(model: LoadedModel, columns: number): number {
  return model.targets === undefined || model.targets.length === columns ? Number.POSITIVE_INFINITY : model.steps;
}

/**
 * Forecasts of all targets for `horizon` rows after each origin: float32 [origins, horizon, targets], raw units.
 * Beyond the model's steps it recurs by blocks: the forecast rows become the window's last ones. Throws RangeError for
 * a horizon beyond `horizonMax`.
 */
export async function forecastFrom(
  model: LoadedModel,
  series: Series,
  origins: Int32Array,
  horizon: number,
): Promise<Float32Array> {
  const width = model.targets?.length ?? series.columns.length;
  if (horizon > horizonMax(model, series.columns.length)) throw new RangeError(`no forecast of ${horizon} steps`);
  const all = new Float32Array(origins.length * horizon * width);
  for (let from = 0; from < origins.length; from += RUN_ROWS) {
    const part = origins.subarray(from, from + RUN_ROWS);
    const windows = rawWindows(series, part, model.lookback, model.takesTime);
    for (let done = 0; done < horizon; done += model.steps) {
      const block = await runWindows(model, windows, part.length, width);
      const used = Math.min(model.steps, horizon - done);
      part.forEach((_, i) => {
        const source = block.subarray(i * model.steps * width, (i * model.steps + used) * width);
        all.set(source, ((from + i) * horizon + done) * width);
      });
      if (done + model.steps < horizon) advance(model, series, windows, part, block, done);
    }
  }
  return all;
}

/** One run: float32 [rows, steps, targets]; `width`: targets. */
export async function runWindows(
  model: LoadedModel,
  windows: Float32Array,
  rows: number,
  width: number,
): Promise<Float32Array> {
  const dims = [rows, model.lookback, windows.length / (rows * model.lookback)];
  const { forecast } = await model.program.run({ window: { data: windows, dims } });
  if (forecast?.length !== rows * model.steps * width) {
    throw new RangeError(`the model answered ${forecast?.length ?? 0} numbers, not ${rows * model.steps * width}`);
  }
  return forecast;
}

/** Moves every window on by one block, in place. */
function advance(
  model: LoadedModel,
  series: Series,
  windows: Float32Array,
  origins: Int32Array,
  block: Float32Array,
  done: number,
): void {
  const { lookback, steps } = model;
  const width = series.columns.length;
  const takesTime = model.takesTime ?? true;
  const features = width + (takesTime ? TIME_FEATURES.length : 0);
  const kept = Math.max(0, lookback - steps);
  origins.forEach((origin, i) => {
    const base = i * lookback * features;
    windows.copyWithin(base, base + (lookback - kept) * features, base + lookback * features);
    for (let row = kept; row < lookback; row++) {
      const step = steps - lookback + row;
      const at = base + row * features;
      for (let target = 0; target < width; target++) {
        windows[at + (model.targets?.[target] ?? target)] = block[(i * steps + step) * width + target] ?? Number.NaN;
      }
      if (takesTime) writeTimeFeatures(timeOfRow(series, origin + done + step + 1), windows, at + width);
    }
  });
}
