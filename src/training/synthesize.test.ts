import { describe, expect, it } from 'vitest';
import { cleanSeries } from '../domain/forecast/index.js';
import { parseCsv } from './read-csv.js';
import { synthesize, TRAFFIC_COLUMNS } from './synthesize.js';

const ROWS = 7_000;
const text = (seed: number, site = 'demo'): string => [...synthesize({ rows: ROWS, seed, site })].join('\n');

describe('synthesize', () => {
  it('gives the same text for the same seed and site, another for others', () => {
    expect(text(7)).toBe(text(7));
    expect(text(7)).not.toBe(text(8));
    expect(text(7)).not.toBe(text(7, 'north'));
  });

  it('has what real traffic has: cycles, heavy tails, outages, empty cells', () => {
    const { series, account } = cleanSeries(parseCsv(text(7), 'synthetic'));
    expect(series).toMatchObject({ rows: ROWS, stepMs: 120_000, columns: [...TRAFFIC_COLUMNS] });
    expect(account.outages.length).toBeGreaterThan(0);
    expect(account.emptyCells['mcs_up']).toBeGreaterThan(0);
    expect(account.negativeCells).toBe(0);
    const down = Array.from({ length: ROWS }, (_, row) => series.values[row * series.columns.length]!);
    const sorted = down.toSorted((a, b) => a - b);
    expect(sorted.at(-1)! / sorted[ROWS / 2]!).toBeGreaterThan(8);
    // The mean of 19:00–21:00 lies far above that of 03:00–05:00.
    const meanOf = (fromHour: number): number => {
      const rows = down.filter(
        (_, row) => Math.floor((row % 720) / 30) >= fromHour && Math.floor((row % 720) / 30) < fromHour + 2,
      );
      return rows.reduce((sum, value) => sum + value, 0) / rows.length;
    };
    expect(meanOf(19)).toBeGreaterThan(2 * meanOf(3));
  });

  it('refuses numbers of rows that it cannot make', () => {
    expect(() => synthesize({ rows: 0, seed: 1, site: 'x' }).next()).toThrow(RangeError);
  });
});
