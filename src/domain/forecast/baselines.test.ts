import { describe, expect, it } from 'vitest';
import { ErrorSum } from './accuracy.js';
import { exponentialSmoothing, fitSmoothing, movingAverage, persistence, rowsPerDay, seasonal } from './baselines.js';
import { promotionGate, promotionScore } from './promotion-gate.js';
import type { Series } from './series.js';

const SIX_HOURS = 6 * 3_600_000;

/** Four rows a day. */
function seriesOf(values: number[]): Series {
  return {
    startMs: 0,
    stepMs: SIX_HOURS,
    rows: values.length,
    columns: ['a'],
    values: Float64Array.from(values),
    excluded: new Uint8Array(values.length),
  };
}

describe('baselines', () => {
  const series = seriesOf([1, 2, 3, 4, 10, 20, 30, 40]);

  it('persistence repeats the last value', () => {
    expect(persistence(series)(6, 3, 0)).toBe(30);
  });

  it('seasonal takes the same time of the day before the origin, however far ahead', () => {
    expect(rowsPerDay(SIX_HOURS)).toBe(4);
    const forecast = seasonal(series);
    expect(forecast(7, 1, 0)).toBe(10); // row 8 − 4
    expect(forecast(7, 4, 0)).toBe(40); // row 11 − 4
    expect(forecast(7, 5, 0)).toBe(10); // row 12 − 8
  });

  it('the moving average takes five values', () => {
    expect(movingAverage(series)(7, 2, 0)).toBe((4 + 10 + 20 + 30 + 40) / 5);
    expect(() => movingAverage(series)(3, 1, 0)).toThrow('outside the series');
  });

  it('smoothing follows its recursion', () => {
    // 1, then 1 + ½(2 − 1) = 1.5, then 1.5 + ½(3 − 1.5) = 2.25
    const forecast = exponentialSmoothing(series, [0.5]);
    expect([0, 1, 2].map((origin) => forecast(origin, 9, 0))).toEqual([1, 1.5, 2.25]);
  });

  it('fits α = 1 to a trend, and the least α to noise about a level that starts right', () => {
    expect(fitSmoothing(seriesOf([1, 2, 3, 4, 5, 6]))).toEqual([1]);
    expect(fitSmoothing(seriesOf([5, 6, 4, 6, 4, 6, 4, 6, 4]))).toEqual([0.1]);
  });
});

describe('ErrorSum', () => {
  it('gives MAE, RMSE and NRMSE', () => {
    const sum = new ErrorSum();
    sum.add(1, 4); // −3
    sum.add(9, 5); // +4
    const { mae, rmse, nrmse } = sum.figures();
    expect(mae).toBe(3.5);
    expect(rmse).toBeCloseTo(Math.sqrt(12.5), 12);
    expect(nrmse).toBeCloseTo(Math.sqrt(12.5) / 4.5, 12);
  });

  it('is NaN without pairs', () => {
    expect(new ErrorSum().figures().mae).toBeNaN();
  });
});

describe('promotion', () => {
  it('asks for less than persistence, and refuses what is not a number', () => {
    expect(promotionGate(0.999).passed).toBe(true);
    expect(promotionGate(1).passed).toBe(false);
    expect(promotionGate(Number.NaN).passed).toBe(false);
    expect(promotionGate(1.25).reason).toContain('1.250');
  });

  it('scores with the weights of the seed system', () => {
    expect(promotionScore({ rmse: 2, mae: 1, mse: 4 })).toBeCloseTo(0.5 * 2 + 0.3 * 1 + 0.2 * 4, 12);
  });
});
