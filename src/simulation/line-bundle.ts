import type { Bundle } from '../contract/index.js';
import { lineModel } from './line-model.js';

const GOLDEN_VALUE = 5;

/** The bundle of `lineModel(version, steps)`, as a registry would have it; step s forecasts last + s · `version`. */
export function lineBundle(version: number, steps: number): Bundle {
  const { runId, modelHash, lookback, columns, targets, stepMs } = lineModel(version, steps);
  const figures = { relative_mae: 0.5, score: 1, rmse: 1, mae: 1, mse: 1 };
  return {
    schema_version: 1,
    run_id: runId,
    model_type: 'RIDGE',
    created: new Date(version).toISOString(),
    lookback,
    steps,
    frequency_s: stepMs / 1000,
    features: columns.map(({ name }) => name),
    targets: [...targets],
    model_sha256: modelHash,
    fill: { rule: 'constant', values: {} },
    target_std: [1],
    target_range: { min: [0], max: [1e9] },
    training: {
      sources: [],
      data_sha256: '',
      config_hash: '',
      seed: version,
      split: { train_rows: 1, validation_rows: 1, test_rows: 1 },
      hyperparameters: {},
      libraries: {},
      duration_s: 0,
    },
    accuracy: { rows: [], ...figures },
    residuals: { horizons: 1, n: 0, log_offset: [0], values: '' },
    baselines: {},
    history: { start: '2020-01-01T00:00:00', rows: 0, columns: {} },
    golden: {
      window: Array.from({ length: lookback }, () => [GOLDEN_VALUE, 0]),
      forecast: Array.from({ length: steps }, (_, step) => [GOLDEN_VALUE + (step + 1) * version]),
    },
  };
}
