import { writeTimeFeatures } from '../domain/forecast/index.js';
import type { ModelSpec } from './model-spec.js';

/**
 * Moves a window on by one run of the model, in place: the oldest rows leave, the forecast rows follow the last one.
 * `block` is float32 [steps, targets] in raw units. Data columns that the model does not predict keep their last
 * value; time features are those of the new rows' timestamps. Returns the last row's instant, ms.
 */
export function advanceWindow(spec: ModelSpec, window: Float32Array, lastMs: number, block: Float32Array): number {
  const { lookback, features, steps } = spec;
  const lastRow = window.slice((lookback - 1) * features);
  const kept = Math.max(0, lookback - steps);
  window.copyWithin(0, (lookback - kept) * features);
  for (let row = kept; row < lookback; row++) {
    const step = steps - lookback + row;
    const at = row * features;
    for (const column of spec.columns) {
      window[at + column.feature] =
        column.target < 0
          ? (lastRow[column.feature] ?? 0)
          : (block[step * spec.targets.length + column.target] ?? Number.NaN);
    }
    if (spec.timeFeature >= 0) writeTimeFeatures(lastMs + (step + 1) * spec.stepMs, window, at + spec.timeFeature);
  }
  return lastMs + steps * spec.stepMs;
}
