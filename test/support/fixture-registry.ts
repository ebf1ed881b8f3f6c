import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Bundle } from '../../src/contract/index.js';
import { TIME_FEATURES } from '../../src/domain/forecast/index.js';
import { openRegistry } from '../../src/registry/index.js';
import { driftModel, type FixtureShape } from './onnx-fixture.js';

export const DATA_COLUMNS = [
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
] as const;

export interface FixtureOptions {
  readonly steps?: number;
  readonly model?: (shape: FixtureShape) => Uint8Array;
  /** Calibration residuals per target and horizon. */
  readonly residuals?: number;
  /** Golden forecast to record instead of the model's own. */
  readonly goldenForecast?: number[][];
  /** Told apart by it: the run id is its digest. */
  readonly name?: string;
}

export const FIXTURE_LOOKBACK = 10;

function residualsText(n: number, count: number): string {
  const values = new Float32Array(n * count);
  // Ascending within each run of n, from -0.5 to +0.5.
  for (let i = 0; i < values.length; i++) values[i] = n === 1 ? 0 : (i % n) / (n - 1) - 0.5;
  return Buffer.from(values.buffer).toString('base64');
}

async function goldenOf(bytes: Uint8Array, shape: FixtureShape, window: number[][]): Promise<number[][]> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const input = new Tensor('float32', Float32Array.from(window.flat()), [1, shape.lookback, shape.features]);
  const output = Object.values(await session.run({ window: input }))[0]!;
  const flat = [...(output.data as Float32Array)];
  return Array.from({ length: shape.steps }, (_, s) => flat.slice(s * shape.targets, (s + 1) * shape.targets));
}

/** A bundle around a fixture model, and the model's bytes. */
export async function fixtureBundle(options: FixtureOptions = {}): Promise<{ bundle: Bundle; model: Uint8Array }> {
  const steps = options.steps ?? 1;
  const features = [...DATA_COLUMNS, ...TIME_FEATURES];
  const targets = [...DATA_COLUMNS];
  const shape = { lookback: FIXTURE_LOOKBACK, features: features.length, steps, targets: targets.length };
  const model = (options.model ?? driftModel)(shape);
  const window = Array.from({ length: shape.lookback }, (_, r) => features.map((_name, f) => 100 * (f + 1) + r));
  const perTarget = (value: number): number[] => targets.map(() => value);
  const n = options.residuals ?? 999;
  const zero = { rmse: 1, mae: 1, mse: 1, score: 1, relative_mae: 0.5 };
  const bundle: Bundle = {
    schema_version: 1,
    run_id: createHash('md5')
      .update(options.name ?? 'fixture')
      .digest('hex'),
    model_type: 'LSTM',
    created: '2024-01-01T00:00:00Z',
    lookback: shape.lookback,
    steps,
    frequency_s: 120,
    features,
    targets,
    model_sha256: createHash('sha256').update(model).digest('hex'),
    fill: { rule: 'constant', values: Object.fromEntries(DATA_COLUMNS.map((name, i) => [name, i])) },
    target_std: perTarget(1),
    target_range: { min: perTarget(0), max: perTarget(1e12) },
    training: {
      sources: [],
      data_sha256: '0'.repeat(64),
      config_hash: '0'.repeat(64),
      seed: 1,
      split: { train_rows: 1, validation_rows: 1, test_rows: 1 },
      hyperparameters: {},
      libraries: {},
      duration_s: 0,
    },
    accuracy: { rows: [], ...zero },
    residuals: { horizons: 30, n, log_offset: perTarget(1), values: residualsText(n, 30 * targets.length) },
    baselines: {},
    history: { start: '2024-01-01T00:00:00', rows: 0, columns: {} },
    golden: { window, forecast: options.goldenForecast ?? (await goldenOf(model, shape, window)) },
  };
  return { bundle, model };
}

/** Writes the bundle into the registry and makes it the current one. */
export async function promoteFixture(registryPath: string, options: FixtureOptions = {}): Promise<Bundle> {
  const registry = openRegistry(registryPath);
  const { bundle, model } = await fixtureBundle(options);
  await registry.write(bundle, model);
  await registry.promote(bundle.run_id, {
    identifier: 'default',
    experiment: 'test',
    force: false,
    timestamp: '2024-01-01T00:00:00Z',
  });
  return bundle;
}

/** A new folder, removed when the tests of its file have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'flts-test-'));
  temporaryFolders.push(folder);
  return folder;
}

const temporaryFolders: string[] = [];

// Registered first, so it runs last: whatever used the folders has been stopped.
afterAll(() => {
  for (const folder of temporaryFolders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** The seed's kind of payload: rows 2 minutes apart from 2018-02-05 23:40, cell of row r and column c is 1000·c + r. */
export function payload(rows = 30): { data: Record<string, unknown[]> } {
  const data: Record<string, unknown[]> = { ts: [] };
  const start = Date.UTC(2018, 1, 5, 23, 40);
  for (let r = 0; r < rows; r++) {
    data['ts']!.push(new Date(start + r * 120_000).toISOString().slice(0, 19).replace('T', ' '));
  }
  DATA_COLUMNS.forEach((name, c) => {
    data[name] = Array.from({ length: rows }, (_, r) => 1000 * (c + 1) + r);
  });
  return { data };
}
