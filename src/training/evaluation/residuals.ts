import type { Bundle } from '../../contract/index.js';
import { type ColumnForecast, type ColumnScale, encodeFloats, type Series } from '../../domain/forecast/index.js';

/** Most residuals that a bundle keeps for a target and horizon: the latest ones. Keeps bundles below 3 MB. */
const RESIDUALS_MAX = 1000;

/**
 * Signed log-space residuals of forecasts on held-out rows, for conformal intervals: log(actual + offset) −
 * log(forecast + offset), sorted ascending, for every horizon 1 … steps and target. The same origins for every
 * horizon, those whose rows are all observations.
 */
export function collectResiduals(
  series: Series,
  rows: Int32Array,
  forecast: ColumnForecast,
  steps: number,
  scales: readonly ColumnScale[],
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
  const offsets = scales.map((scale) => scale.logOffset ?? 0);
  const values = new Float32Array(steps * width * n);
  for (let step = 1; step <= steps; step++) {
    for (let column = 0; column < width; column++) {
      const at = ((step - 1) * width + column) * n;
      const offset = offsets[column] ?? 0;
      origins.forEach((origin, i) => {
        const actual = series.values[(origin + step) * width + column] ?? Number.NaN;
        values[at + i] = Math.log(actual + offset) - Math.log(forecast(origin, step, column) + offset);
      });
      values.subarray(at, at + n).sort();
    }
  }
  return { horizons: steps, n, log_offset: offsets, values: encodeFloats(values) };
}
