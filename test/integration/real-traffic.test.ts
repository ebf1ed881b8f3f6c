/**
 * The figures of measured traffic, read by path from beside the project: skipped where that folder is not there.
 * Expected values: MAE and RMSE in millions, one step ahead, as measured once by other code over the same files.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { AccuracyTableRow } from '../../src/contract/index.js';
import { TensorRuntime } from '../../src/runtime/index.js';
import { type EvaluatedModel, evaluateModels, loadSeries, trainModel } from '../../src/training/index.js';

const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const THERE = existsSync(`${DATA}ElBorn.csv`);
if (!THERE) console.log(`no measured traffic at ${DATA}: its tests are skipped`);

const TOLERANCE: Readonly<Record<string, number>> = {
  persistence: 0.01,
  seasonal_24h: 0.01,
  moving_average_5: 0.01,
  ses: 0.01,
  ridge_raw: 0.1,
  ridge_log: 0.1,
};

/** [MAE, RMSE] of `down`, then of `up`. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, readonly [number, number, number, number]>>>> = {
  ElBorn: {
    persistence: [47.8, 96.1, 2.77, 9.8],
    seasonal_24h: [82.8, 147.7, 5.63, 13.6],
    moving_average_5: [47.0, 90.3, 2.62, 8.13],
    ses: [43.4, 86.7, 2.59, 8.54],
    ridge_raw: [44.9, 83.6, 3.28, 7.86],
    ridge_log: [41.2, 82.9, 2.36, 7.91],
  },
  PobleSec: {
    persistence: [48.3, 91.6, 5.56, 18.96],
    seasonal_24h: [96.4, 163.1, 18.6, 35.8],
    moving_average_5: [49.5, 90.2, 6.61, 18.0],
    ses: [45.4, 84.7, 5.49, 18.3],
    ridge_raw: [43.2, 79.8, 5.43, 16.1],
    ridge_log: [42.2, 80.1, 5.07, 16.1],
  },
};

describe.skipIf(!THERE)('measured traffic', () => {
  it.each(['ElBorn', 'PobleSec'])(
    '%s: baselines agree with the table, the LSTM and the ensemble beat persistence',
    async (site) => {
      const runtime = new TensorRuntime(1);
      const { series, sources } = await loadSeries([`${DATA}${site}.csv`]);
      let runs = 0;
      const { models } = await trainModel(
        series,
        { model: 'ensemble' },
        {
          runtime,
          newRunId: () => String(++runs).padStart(32, '0'),
          created: '2024-01-01T00:00:00.000Z',
          libraries: {},
          sources: [...sources],
          onProgress: () => undefined,
          signal: new AbortController().signal,
        },
      );
      const evaluated: EvaluatedModel[] = [];
      for (const { name, bundle, model } of models) {
        evaluated.push({ name, kind: 'model', bundle, program: await runtime.load(model) });
      }
      const test = await loadSeries([`${DATA}${site}_test.csv`]);
      const [first, ...others] = evaluated as [EvaluatedModel, ...EvaluatedModel[]];
      const { rows, scored, notes } = await evaluateModels(test.series, [first, ...others], [1, 10, 30]);
      for (const { program } of evaluated) await program.release();

      expect(scored.rows).toBe(test.series.rows);
      expect(notes).toEqual([]);
      const find = (name: string, horizon: number): AccuracyTableRow['targets'] =>
        rows.find((row) => row.name === name && row.horizon === horizon)!.targets;
      for (const [name, values] of Object.entries(EXPECTED[site]!)) {
        const { down, up } = find(name, 1);
        [down!.mae, down!.rmse, up!.mae, up!.rmse].forEach((value, i) => {
          const ratio = value / 1e6 / values[i]!;
          expect(Math.abs(ratio - 1), `${name}, figure ${i + 1}: ${value / 1e6}`).toBeLessThan(TOLERANCE[name]!);
        });
      }
      expect(find('lstm', 1)['down']!.mae).toBeLessThan(find('persistence', 1)['down']!.mae);
      for (const horizon of [1, 10, 30]) {
        for (const target of ['down', 'up']) {
          expect(find('ensemble', horizon)[target]!.mae, `${target} at ${horizon}`).toBeLessThan(
            find('persistence', horizon)[target]!.mae,
          );
        }
      }
    },
    240_000,
  );
});
