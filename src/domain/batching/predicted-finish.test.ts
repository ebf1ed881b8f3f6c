import { describe, expect, it } from 'vitest';
import { predictedFinishUs, type ServingCapacity, workOffUs } from './predicted-finish.js';

/** 60 + 40·n µs. */
const one: ServingCapacity = { curve: { perRunUs: 60, perRowUs: 40 }, workers: 1, maxRows: 10 };

describe('the predicted finish', () => {
  it.each([
    // Alone: each run takes 60 + 40.
    [one, 0, { windows: 1, runs: 1 }, 100],
    [one, 0, { windows: 1, runs: 120 }, 12_000],
    // 25 windows of one run: 3 batches, 25 rows.
    [one, 0, { windows: 25, runs: 1 }, 3 * 60 + 25 * 40],
    // Beside 9 rows: one round with all of them.
    [one, 9, { windows: 1, runs: 1 }, 60 + 10 * 40],
    // 30 runs beside 120 rows: 150 rows fit into its own 30 batches.
    [one, 120, { windows: 1, runs: 30 }, 30 * 60 + 150 * 40],
    // Two workers share the rounds of many, but the runs of one window follow each other.
    [{ ...one, workers: 2 }, 19, { windows: 1, runs: 1 }, (2 * 60 + 20 * 40) / 2],
    [{ ...one, workers: 2 }, 0, { windows: 1, runs: 10 }, 1000],
    [{ ...one, workers: 2 }, 0, { windows: 6, runs: 1 }, 60 + 3 * 40],
  ])('%o beside %d rows: %o takes %d µs', (capacity, rowsAhead, asked, us) => {
    expect(predictedFinishUs(capacity, rowsAhead, asked)).toBe(us);
  });

  it('the work that is there takes its rows and as few batches as may be', () => {
    expect(workOffUs(one, 25)).toBe(3 * 60 + 25 * 40);
    expect(workOffUs(one, 0)).toBe(0);
  });
});
