import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanSeries, OUTAGE_ROWS_MIN, type RawTable, SeriesError } from './clean-series.js';

const MINUTE = 60_000;

/** Rows of [minute, ...cells]; NaN is an empty cell. */
function table(columns: string[], rows: number[][]): RawTable {
  return {
    columns,
    timesMs: Float64Array.from(rows, (row) => row[0]! * MINUTE),
    cells: Float64Array.from(rows.flatMap((row) => row.slice(1))),
  };
}

describe('cleanSeries', () => {
  it('leaves clean rows as they are', () => {
    const { series, account } = cleanSeries(
      table(
        ['a', 'b'],
        [
          [0, 1, 2],
          [2, 3, 4],
          [4, 5, 6],
        ],
      ),
    );
    expect(series).toMatchObject({ startMs: 0, stepMs: 2 * MINUTE, rows: 3 });
    expect([...series.values]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(account).toEqual({
      rowsRead: 3,
      rowsOut: 3,
      emptyCells: {},
      negativeCells: 0,
      unsortedRows: 0,
      duplicateRows: 0,
      gaps: [],
      outages: [],
    });
  });

  it('sorts, drops duplicates, fills empty and negative cells, and says so', () => {
    const { series, account } = cleanSeries(
      table(
        ['a', 'b'],
        [
          [2, 3, Number.NaN],
          [0, 1, 2],
          [4, -5, 6],
          [2, 9, 9],
        ],
      ),
    );
    expect([...series.values]).toEqual([1, 2, 3, 0, 0, 6]);
    expect(account).toMatchObject({
      rowsRead: 4,
      rowsOut: 3,
      emptyCells: { b: 1 },
      negativeCells: 1,
      unsortedRows: 2,
      duplicateRows: 1,
    });
  });

  it('bridges a gap with the row before, marked', () => {
    const { series, account } = cleanSeries(
      table(
        ['a'],
        [
          [0, 1],
          [2, 2],
          [4, 3],
          [10, 4],
          [12, 5],
        ],
      ),
    );
    expect([...series.values]).toEqual([1, 2, 3, 3, 3, 4, 5]);
    expect([...series.excluded]).toEqual([0, 0, 0, 1, 1, 0, 0]);
    expect(account.gaps).toEqual([{ startMs: 6 * MINUTE, rows: 2 }]);
  });

  it('marks runs of zero rows as outages, but not shorter ones', () => {
    const rows = (zeros: number): number[][] =>
      Array.from({ length: zeros + 2 }, (_, i) => [2 * i, i === 0 || i === zeros + 1 ? 7 : 0]);
    const long = cleanSeries(table(['a'], rows(OUTAGE_ROWS_MIN)));
    expect(long.account.outages).toEqual([{ startMs: 2 * MINUTE, rows: OUTAGE_ROWS_MIN }]);
    expect([...long.series.excluded]).toEqual([0, 1, 1, 1, 1, 1, 0]);
    expect(cleanSeries(table(['a'], rows(OUTAGE_ROWS_MIN - 1))).account.outages).toEqual([]);
  });

  it('marks an outage that lasts until the end', () => {
    const rows = [[0, 1], ...Array.from({ length: 5 }, (_, i) => [2 + 2 * i, 0])];
    expect([...cleanSeries(table(['a'], rows)).series.excluded]).toEqual([0, 1, 1, 1, 1, 1]);
  });

  it('refuses rows off the even step, too few rows, and gaps that would double the series', () => {
    const off = [
      [0, 1],
      [2, 1],
      [4, 1],
      [5, 1],
    ];
    expect(() => cleanSeries(table(['a'], off))).toThrow('row 4 is off the even step of 120 s');
    expect(() => cleanSeries(table(['a'], [[0, 1]]))).toThrow(SeriesError);
    const torn = [
      [0, 1],
      [2, 1],
      [4, 1],
      [100, 1],
    ];
    expect(() => cleanSeries(table(['a'], torn))).toThrow('47 of 51 rows are missing');
  });

  it('gives the same series for any order of the rows', () => {
    const rows = Array.from({ length: 12 }, (_, i) => [2 * i, i * i + 1]);
    const expected = cleanSeries(table(['a'], rows)).series;
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
        expect(cleanSeries(table(['a'], shuffled)).series).toEqual(expected);
      }),
    );
  });
});
