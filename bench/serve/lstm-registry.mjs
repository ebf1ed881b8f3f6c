/**
 * A registry with one promoted bundle: a 128×2 LSTM with random weights in the seed's shape (lookback 10, 11 data
 * columns and 6 time features, 11 targets). Its answers mean nothing; its cost is that of a trained one.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxGraph } from '../../dist/training/onnx/index.js';
import { openRegistry } from '../../dist/registry/index.js';
import { TIME_FEATURES } from '../../dist/domain/forecast/index.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';

export const COLUMNS = [
  'down',
  'up',
  'rnti_count',
  'mcs_down',
  'mcs_down_var',
  'mcs_up',
  'mcs_up_var',
  'rb_down',
  'rb_down_var',
  'rb_up',
  'rb_up_var',
];
const LOOKBACK = 10;
const FEATURES = COLUMNS.length + TIME_FEATURES.length;

/** Deterministic numbers in -1..1. */
function noise(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * 0.1;
  });
}

function lstmModel(hidden, layers, level) {
  const graph = new OnnxGraph();
  const window = graph.input('window', ['batch', LOOKBACK, FEATURES]);
  // As in a trained model: logarithms inside the graph, then the layers over time.
  const positive = graph.op('Add', [graph.op('Abs', [window]), graph.scalar(1)]);
  const scaled = graph.op('Mul', [graph.op('Log', [positive]), graph.scalar(0.1)]);
  let sequence = graph.op('Transpose', [scaled], { perm: [1, 0, 2] });
  let width = FEATURES;
  for (let layer = 0; layer < layers; layer++) {
    const weights = [
      graph.constant(noise(4 * hidden * width, 1 + layer), [1, 4 * hidden, width]),
      graph.constant(noise(4 * hidden * hidden, 11 + layer), [1, 4 * hidden, hidden]),
      graph.constant(noise(8 * hidden, 21 + layer), [1, 8 * hidden]),
    ];
    const [states, last] = graph.ops('LSTM', [sequence, ...weights], 2, { hidden_size: hidden });
    sequence =
      layer === layers - 1
        ? graph.op('Squeeze', [last, graph.integers([0])])
        : graph.op('Squeeze', [states, graph.integers([1])]);
    width = hidden;
  }
  const head = graph.constant(noise(hidden * COLUMNS.length, 31), [hidden, COLUMNS.length]);
  const bias = graph.constant(new Float32Array(COLUMNS.length).fill(level), [COLUMNS.length]);
  const raw = graph.op('Exp', [graph.op('Gemm', [sequence, head, bias])]);
  const rows = graph.op('Unsqueeze', [raw, graph.integers([1])]);
  graph.output(rows, 'forecast', ['batch', 1, COLUMNS.length]);
  return graph.toBytes('bench');
}

/** Makes the registry in a folder of its own, with one version, promoted; its path. */
export async function makeLstmRegistry(hidden = 128, layers = 2) {
  const path = mkdtempSync(join(tmpdir(), 'flts-bench-'));
  await promote(path, await writeLstmVersion(path, 10, hidden, layers));
  return path;
}

/** Writes a version whose answers are about e^level; its run id. */
export async function writeLstmVersion(path, level, hidden = 128, layers = 2) {
  const model = lstmModel(hidden, layers, level);
  const window = Array.from({ length: LOOKBACK }, (_, r) => Array.from({ length: FEATURES }, (_v, f) => 10 * f + r));
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const input = new Tensor('float32', Float32Array.from(window.flat()), [1, LOOKBACK, FEATURES]);
  const forecast = [[...(await session.run({ window: input })).forecast.data]];
  const perTarget = (value) => COLUMNS.map(() => value);
  const bundle = {
    schema_version: 1,
    run_id: createHash('md5').update(model).digest('hex'),
    model_type: 'LSTM',
    created: new Date().toISOString(),
    lookback: LOOKBACK,
    steps: 1,
    frequency_s: 120,
    features: [...COLUMNS, ...TIME_FEATURES],
    targets: COLUMNS,
    model_sha256: createHash('sha256').update(model).digest('hex'),
    fill: { rule: 'constant', values: Object.fromEntries(COLUMNS.map((name) => [name, 0])) },
    target_std: perTarget(1),
    target_range: { min: perTarget(0), max: perTarget(1e12) },
    training: {
      sources: [],
      data_sha256: '0'.repeat(64),
      config_hash: '0'.repeat(64),
      seed: 1,
      split: { train_rows: 1, validation_rows: 1, test_rows: 1 },
      hyperparameters: { hidden, layers },
      libraries: {},
      duration_s: 0,
    },
    accuracy: { rows: [], relative_mae: 0.5, score: 1, rmse: 1, mae: 1, mse: 1 },
    residuals: { horizons: 1, n: 0, log_offset: perTarget(1), values: '' },
    baselines: {},
    history: { start: '2018-01-01T00:00:00', rows: 0, columns: {} },
    golden: { window, forecast },
  };
  await openRegistry(path).write(bundle, model);
  return bundle.run_id;
}

/** Makes a version the current one. */
export async function promote(path, runId) {
  await openRegistry(path).promote(runId, {
    identifier: 'default',
    experiment: 'bench',
    force: true,
    timestamp: new Date().toISOString(),
  });
}
