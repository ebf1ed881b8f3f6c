import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanOrigins, follows, joinSeries, type Series, sliceSeries, timeOfRow } from './series.js';
import { rangeOf, standardDeviations } from './series-statistics.js';

function seriesOf(values: number[], excludedRows: number[] = []): Series {
  const excluded = new Uint8Array(values.length);
  for (const row of excludedRows) excluded[row] = 1;
  return {
    startMs: 0,
    stepMs: 120_000,
    rows: values.length,
    columns: ['a'],
    values: Float64Array.from(values),
    excluded,
  };
}

describe('Series', () => {
  it('is cut and joined without losing rows or time', () => {
    const series = seriesOf([1, 2, 3, 4], [2]);
    const [head, tail] = [sliceSeries(series, 0, 1), sliceSeries(series, 1, 4)];
    expect(timeOfRow(tail, 0)).toBe(120_000);
    expect(follows(head, tail)).toBe(true);
    expect(joinSeries(head, tail)).toEqual(series);
  });

  it('refuses to join what does not follow', () => {
    const series = seriesOf([1, 2, 3]);
    expect(follows(series, series)).toBe(false);
    expect(() => joinSeries(series, series)).toThrow('does not follow');
  });

  it('finds origins whose window and future are clean: as a naive search does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 45 }),
        (flags, before, after, from, to) => {
          const series = seriesOf(
            flags.map(() => 1),
            flags.flatMap((flag, row) => (flag ? [row] : [])),
          );
          const naive: number[] = [];
          for (let origin = from; origin < to; origin++) {
            const rows = Array.from({ length: before + after }, (_, i) => origin - before + 1 + i);
            if (rows.every((row) => row >= 0 && row < flags.length && !flags[row])) naive.push(origin);
          }
          expect([...cleanOrigins(series, before, after, from, to)]).toEqual(naive);
        },
      ),
    );
  });

  it('has range and spread over the rows that are observations', () => {
    const series = seriesOf([2, 4, 4, 4, 5, 5, 7, 9, 1000], [8]);
    expect(rangeOf(series)).toEqual({ min: [2], max: [9] });
    expect(standardDeviations(series)[0]).toBeCloseTo(2, 12);
  });
});
