import type { Bundle } from '../../contract/index.js';
import { type ColumnForecast, type ColumnScale, encodeFloats, type Series } from '../../domain/forecast/index.js';

/** Most residuals that a bundle keeps for a target and horizon: the latest ones. Keeps bundles below 3 MB. */
const RESIDUALS_MAX = 1000;

/**
 * Signed log-space residuals of forecasts on held-out rows, for conformal intervals: log(actual + offset) −
 * log(forecast + offset), sorted ascending, for every horizon 1 … steps and target. The same origins for every
 * horizon, those whose rows are all observations. `targets`: columns of the model's targets; left out: all.
 */
export function collectResiduals(
  series: Series,
  rows: Int32Array,
  forecast: ColumnForecast,
  steps: number,
  scales: readonly ColumnScale[],
  targets: readonly number[] = series.columns.map((_, column) => column),
): Bundle['residuals'] {
  const width = series.columns.length;
  const scored = new Set(rows);
  const origins = Array.from(rows, (row) => row - 1)
    .filter((origin) => {
      for (let step = 1; step <= steps; step++) if (!scored.has(origin + step)) return false;
      return true;
    })
    .slice(-RESIDUALS_MAX);
  const n = origins.length;
  const offsets = targets.map((column) => scales[column]?.logOffset ?? 0);
  const values = new Float32Array(steps * targets.length * n);
  for (let step = 1; step <= steps; step++) {
    targets.forEach((column, target) => {
      const at = ((step - 1) * targets.length + target) * n;
      const offset = offsets[target] ?? 0;
      origins.forEach((origin, i) => {
        const actual = series.values[(origin + step) * width + column] ?? Number.NaN;
        // A foreign model may forecast less than nothing.
        const expected = Math.max(0, forecast(origin, step, column));
        values[at + i] = Math.log(actual + offset) - Math.log(expected + offset);
      });
      values.subarray(at, at + n).sort();
    });
  }
  return { horizons: steps, n, log_offset: offsets, values: encodeFloats(values) };
}
