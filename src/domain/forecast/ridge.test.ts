import { describe, expect, it } from 'vitest';
import { seededRandom } from '../arrivals/index.js';
import { choleskySolve } from './cholesky.js';
import { type ColumnScale, fitScales, scaleValue, unscaleValue } from './column-scale.js';
import { fitRidge, ridgeForecaster } from './ridge.js';
import type { Series } from './series.js';

function seriesOf(rows: number, value: (row: number) => number[], columns: string[]): Series {
  const values = Float64Array.from(Array.from({ length: rows }, (_, row) => value(row)).flat());
  return { startMs: 0, stepMs: 120_000, rows, columns, values, excluded: new Uint8Array(rows) };
}

describe('choleskySolve', () => {
  it('solves a worked example', () => {
    // [4 2; 2 3]·[1 0; 2 1] = [8 2; 8 3]
    const a = Float64Array.of(4, 2, 2, 3);
    const b = Float64Array.of(8, 2, 8, 3);
    choleskySolve(a, b, 2, 2);
    [1, 0, 2, 1].forEach((value, i) => {
      expect(b[i]).toBeCloseTo(value, 12);
    });
  });

  it('refuses a matrix that is not positive definite', () => {
    expect(() => {
      choleskySolve(Float64Array.of(1, 2, 2, 1), Float64Array.of(1, 1), 2, 1);
    }).toThrow('not positive definite');
  });
});

describe('column scales', () => {
  it('choose the offset by the size of the column, and invert', () => {
    const series = seriesOf(100, (row) => [1e8 * (1 + (row % 7)), 15 + (row % 3), 4e-8 * (1 + (row % 5))], [
      'n',
      'm',
      's',
    ]);
    const scales = fitScales(series, 'log');
    expect(scales.map(({ logOffset }) => logOffset)).toEqual([1e4, 1, 1e-9]);
    for (const [column, value] of [
      [0, 3e8],
      [1, 0],
      [2, 1e-8],
    ] as const) {
      const scale = scales[column]!;
      expect(unscaleValue(scale, scaleValue(scale, value)) / (value + 1e-30)).toBeCloseTo(value === 0 ? 0 : 1, 9);
    }
  });

  it('do not treat a range of 1e-8 as constant, but do so for a constant column', () => {
    const [tiny, constant] = fitScales(
      seriesOf(10, (row) => [row % 2 === 0 ? 1e-8 : 2e-8, 1e9], ['tiny', 'constant']),
      'raw',
    ) as [ColumnScale, ColumnScale];
    expect(tiny.std).toBeCloseTo(5e-9, 15);
    expect(constant.std).toBe(1);
  });
});

describe('fitRidge', () => {
  it('finds a linear law: the next value is the one five rows back', () => {
    const random = seededRandom(3);
    const noise = Array.from({ length: 5 }, () => 100 + 50 * random());
    const series = seriesOf(2000, (row) => [noise[row % 5]!], ['a']);
    const model = fitRidge(series, 'raw', 6, 3);
    const { raw } = ridgeForecaster(model, series);
    for (const step of [1, 2, 3]) expect(raw(1000, step)[0]).toBeCloseTo(noise[(1000 + step) % 5]!, 0);
  });

  it('clamps to what it saw in training', () => {
    const series = seriesOf(600, (row) => [row], ['a']);
    const model = fitRidge(series, 'raw', 2, 5);
    // The trend goes on to 604; the largest value of training is 599.
    expect(ridgeForecaster(model, series).raw(599, 5)[0]).toBe(599);
  });

  it('equals a naive solution of the normal equations', () => {
    const random = seededRandom(5);
    const series = seriesOf(200, () => [random(), random()], ['a', 'b']);
    const model = fitRidge(series, 'raw', 1, 1);
    // Residuals of the fit are orthogonal to the inputs up to the penalty: X'(y − Xw) = λw for one of the penalties.
    const { standardised } = ridgeForecaster(model, series);
    const z = (row: number, column: number): number =>
      scaleValue(model.scales[column]!, series.values[row * 2 + column]!);
    for (const output of [0, 1]) {
      for (const input of [0, 1]) {
        let product = 0;
        for (let row = 0; row < 199; row++) {
          product += z(row, input) * (z(row + 1, output) - standardised(row, 1)[output]!);
        }
        const weight = model.weights[input * 2 + output]!;
        const penalty = product / weight;
        const nearest = [1, 10, 100, 1000, 10_000].map((candidate) => Math.abs(Math.log(penalty / candidate)));
        expect(Math.min(...nearest)).toBeLessThan(1e-6);
      }
    }
  });
});
