import { ridgeForecaster, type Series, unscaleValue } from '../../domain/forecast/index.js';
import { LstmForecaster } from '../lstm/index.js';
import type { TensorRuntime } from '../ports.js';
import type { Members } from './export-graph.js';
import { type FeatureSpace, standardise } from './feature-space.js';

/**
 * Forecasts [origins, steps, columns] in raw units as the trainer sees its model: scaling in double precision outside
 * the graph, ridge in double precision, the LSTM by its training program. What the exported graph is held against.
 */
export async function referenceForecast(
  runtime: TensorRuntime,
  space: FeatureSpace,
  members: Members,
  steps: number,
  series: Series,
  origins: Int32Array,
): Promise<Float64Array> {
  const width = series.columns.length;
  const z = new Float64Array(origins.length * steps * width);
  const share = 1 / Object.keys(members).length;
  if (members.ridge !== undefined) {
    const forecast = ridgeForecaster(members.ridge, series);
    origins.forEach((origin, i) => {
      for (let step = 1; step <= steps; step++) {
        forecast.standardised(origin, step).forEach((value, column) => {
          add(z, (i * steps + step - 1) * width + column, share * value);
        });
      }
    });
  }
  if (members.lstm !== undefined) {
    const { inputs, targets } = standardise(space, series);
    const starts = origins.map((origin) => origin - space.lookback + 1);
    const forecaster = await LstmForecaster.open(runtime, members.lstm);
    try {
      const all = await forecaster.forecast(members.lstm, { inputs, targets, width, starts });
      all.forEach((value, i) => {
        add(z, i, share * value);
      });
    } finally {
      await forecaster.close();
    }
  }
  return z.map((value, i) => {
    const column = i % width;
    const scale = space.scales[column];
    if (scale === undefined) throw new RangeError('as many scales as columns are needed');
    const raw = unscaleValue(scale, value);
    return Math.max(space.min[column] ?? raw, Math.min(space.max[column] ?? raw, raw));
  });
}

function add(values: Float64Array, at: number, value: number): void {
  values[at] = (values[at] ?? 0) + value;
}
