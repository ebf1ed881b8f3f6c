import { beforeAll, describe, expect, it } from 'vitest';
import { readBundle } from '../contract/index.js';
import { cleanSeries, firstDisagreement, type Series, sliceSeries } from '../domain/forecast/index.js';
import { TensorRuntime } from '../runtime/index.js';
import { evaluateModels } from './evaluate-models.js';
import { rawWindows } from './model/feature-space.js';
import { forecastFrom } from './model/run-graph.js';
import { parseCsv } from './read-csv.js';
import { synthesize } from './synthesize.js';
import { type TrainContext, type TrainedModel, trainModel, type TrainResult } from './train-model.js';
import type { TrainProgress } from './train-progress.js';

const runtime = new TensorRuntime(1);
const COLUMNS = ['down', 'up', 'rb_down_var'];

/** Three columns of synthetic traffic: counts, a quiet uplink, and a column of size 1e-8. */
function traffic(rows: number): Series {
  const { series } = cleanSeries(parseCsv([...synthesize({ rows, seed: 5, site: 'demo' })].join('\n'), 'synthetic'));
  const from = COLUMNS.map((name) => series.columns.indexOf(name));
  const values = Float64Array.from({ length: series.rows * 3 }, (_, i) => {
    const row = Math.floor(i / 3);
    return series.values[row * series.columns.length + from[i % 3]!]!;
  });
  return { ...series, columns: COLUMNS, values };
}

function context(overrides: Partial<TrainContext> = {}): TrainContext {
  let runs = 0;
  return {
    runtime,
    newRunId: () => String(++runs).padStart(32, '0'),
    created: '2024-02-01T00:00:00.000Z',
    libraries: { node: 'test' },
    sources: [{ name: 'synthetic.csv', rows: 2000, sha256: '0'.repeat(64) }],
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...overrides,
  };
}

const SETTINGS = { model: 'ensemble', hidden: 16, epochs: 8, batch: 32, seed: 3 } as const;

describe('trainModel', () => {
  const all = traffic(2600);
  const series = sliceSeries(all, 0, 2000);
  let result: TrainResult;
  const progress: TrainProgress[] = [];
  beforeAll(async () => {
    result = await trainModel(series, SETTINGS, context({ onProgress: (at) => progress.push(at) }));
  });
  const find = (name: string): TrainedModel => result.models.find((model) => model.name === name)!;

  it('gives the ensemble and its members as bundles that can be read', () => {
    expect(result.models.map(({ name, bundle }) => [name, bundle.model_type])).toEqual([
      ['ensemble', 'ENSEMBLE'],
      ['lstm', 'LSTM'],
      ['ridge', 'RIDGE'],
    ]);
    for (const { bundle } of result.models) {
      expect(readBundle(JSON.parse(JSON.stringify(bundle)), 'bundle.json')).toEqual(bundle);
      expect(bundle.training.split).toEqual({ train_rows: 1280, validation_rows: 320, test_rows: 400 });
      expect(bundle.history.rows).toBe(730);
      expect(JSON.stringify(bundle).length).toBeLessThan(3_000_000);
    }
    expect(find('ensemble').bundle.members?.map(({ name }) => name)).toEqual(['lstm', 'ridge']);
  });

  it('beats persistence on synthetic traffic, one and thirty steps ahead', () => {
    for (const horizon of [1, 30]) {
      const mae = (name: string): number =>
        result.table.find((row) => row.name === name && row.horizon === horizon)!.targets['down']!.mae;
      expect(mae('ensemble')).toBeLessThan(mae('persistence'));
    }
    expect(find('ensemble').bundle.accuracy.relative_mae).toBeLessThan(1);
  });

  it('reports progress that rises, with loss and time left', () => {
    const fractions = progress.map(({ fraction }) => fraction);
    expect(fractions.length).toBeGreaterThan(5);
    expect(fractions.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(progress.some(({ loss, secondsLeft }) => loss !== null && secondsLeft !== null)).toBe(true);
  });

  it('trains the same again from the same seed', async () => {
    const again = await trainModel(series, SETTINGS, context());
    expect(again.models.map(({ bundle }) => bundle.model_sha256)).toEqual(
      result.models.map(({ bundle }) => bundle.model_sha256),
    );
  });

  it('exports graphs that reproduce the golden window, in any batch, and clamp what they have not seen', async () => {
    for (const { bundle, model } of result.models) {
      const program = await runtime.load(model);
      const window = bundle.golden.window.flat();
      const other = rawWindows(series, [100], 10).map((value) => value * 1e6);
      const data = Float32Array.from([...window, ...other, ...other.map(() => -1)]);
      const { forecast } = await program.run({ window: { data, dims: [3, 10, 9] } });
      const golden = bundle.golden.forecast.flat();
      expect(firstDisagreement(forecast!.subarray(0, golden.length), golden, bundle.target_std)).toBeNull();
      forecast!.forEach((value, i) => {
        expect(value).toBeGreaterThanOrEqual(Math.fround(bundle.target_range!.min[i % 3]!));
        expect(value).toBeLessThanOrEqual(Math.fround(bundle.target_range!.max[i % 3]!));
      });
      await program.release();
    }
  });

  it('recurs by blocks beyond its steps, as a naive loop outside does', async () => {
    const { model } = find('lstm');
    const program = await runtime.load(model);
    const shape = { program, lookback: 10, steps: 30 };
    const direct = await forecastFrom(shape, all, Int32Array.of(500), 45);
    const first = await forecastFrom(shape, all, Int32Array.of(500), 30);
    // The naive loop: put the forecast rows where the series goes on, and forecast from there.
    const values = all.values.slice();
    values.set(first, 501 * 3);
    const second = await forecastFrom(shape, { ...all, values }, Int32Array.of(530), 15);
    expect([...direct.subarray(0, 90)]).toEqual([...first]);
    expect([...direct.subarray(90)]).toEqual([...second]);
    await program.release();
  });

  it('is evaluated from where training ended, on every row of a file that follows', async () => {
    const { bundle, model } = find('ensemble');
    const program = await runtime.load(model);
    const evaluated = { name: 'ensemble', kind: 'model', bundle, program } as const;
    const file = sliceSeries(all, 2000, 2600);
    const { rows, scored, notes } = await evaluateModels(file, [evaluated], [1, 10]);
    expect([scored.rows, scored.from]).toEqual([600, '2024-01-03T18:40:00']);
    expect(notes).toEqual([]);
    // Persistence by hand, over the joined rows.
    let error = 0;
    for (let row = 2000; row < 2600; row++) error += Math.abs(all.values[row * 3]! - all.values[(row - 10) * 3]!);
    const persistence = rows.find((row) => row.name === 'persistence' && row.horizon === 10)!;
    expect(persistence.targets['down']!.mae).toBeCloseTo(error / 600, 3);

    const later = await evaluateModels(sliceSeries(all, 1700, 2600), [evaluated], [1]);
    expect(later.scored.rows).toBe(900 - 720);
    expect(later.notes).toHaveLength(2);
    await expect(evaluateModels(sliceSeries(all, 2100, 2200), [evaluated], [1])).rejects.toMatchObject({
      code: 'FLTS_TOO_LITTLE_DATA',
    });
    await expect(evaluateModels(file, [evaluated], [0])).rejects.toMatchObject({ code: 'FLTS_USAGE' });
    await program.release();
  });

  it('keeps the best network so far when it is stopped, and finishes with it', async () => {
    const controller = new AbortController();
    const stopped = await trainModel(
      series,
      { ...SETTINGS, model: 'lstm', epochs: 50 },
      context({
        signal: controller.signal,
        onProgress: ({ validationLoss }) => {
          if (validationLoss !== null) controller.abort();
        },
      }),
    );
    expect(stopped.interrupted).toBe(true);
    expect(stopped.epochs).toBe(1);
    expect(stopped.models[0].bundle.training.hyperparameters['interrupted']).toBe(true);
  });

  it('says so when it is stopped before anything was learned', async () => {
    const signal = AbortSignal.abort();
    await expect(trainModel(series, SETTINGS, context({ signal }))).rejects.toMatchObject({ code: 'FLTS_INTERRUPTED' });
  });

  it('refuses too few rows and settings out of range', async () => {
    await expect(trainModel(sliceSeries(series, 0, 700), SETTINGS, context())).rejects.toMatchObject({
      code: 'FLTS_TOO_LITTLE_DATA',
    });
    await expect(trainModel(series, { ...SETTINGS, hidden: 0 }, context())).rejects.toThrow(
      'hidden must be a whole number from 1 to 512, got 0.',
    );
  });
});
