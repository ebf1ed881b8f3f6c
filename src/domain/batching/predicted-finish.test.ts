import { describe, expect, it } from 'vitest';
import { predictedFinishUs, type ServingCapacity, workOffUs } from './predicted-finish.js';
import { WorkByPriority } from './work-by-priority.js';

/** 60 + 40·n µs. */
const one: ServingCapacity = { curve: { perRunUs: 60, perRowUs: 40 }, workers: 1, maxRows: 10 };
const nothing = { windows: 0, runs: 0 };

describe('the predicted finish', () => {
  it.each([
    // Alone: each run takes 60 + 40.
    [one, nothing, { windows: 1, runs: 1 }, 100],
    [one, nothing, { windows: 1, runs: 120 }, 12_000],
    // 25 windows of one run: 3 batches, 25 rows.
    [one, nothing, { windows: 25, runs: 1 }, 3 * 60 + 25 * 40],
    // Behind 9 windows whatever they have left: one round with all of them.
    [one, { windows: 9, runs: 900 }, { windows: 1, runs: 1 }, 60 + 10 * 40],
    // 30 runs beside 4 windows that have 15 left each: they and one more each, 4 · 30 rows, then its own 30.
    [one, { windows: 4, runs: 60 }, { windows: 1, runs: 30 }, 30 * 60 + 150 * 40],
    // 1,000 runs beside 3 short ones: those are soon gone.
    [one, { windows: 3, runs: 3 }, { windows: 1, runs: 1000 }, 1000 * 60 + 1006 * 40],
    // Two workers share the rounds of many, but the runs of one window follow each other.
    [{ ...one, workers: 2 }, { windows: 19, runs: 19 }, { windows: 1, runs: 1 }, (2 * 60 + 20 * 40) / 2],
    [{ ...one, workers: 2 }, nothing, { windows: 1, runs: 10 }, 1000],
    [{ ...one, workers: 2 }, nothing, { windows: 6, runs: 1 }, 60 + 3 * 40],
  ])('%o behind %o: %o takes %d µs', (capacity, ahead, asked, us) => {
    expect(predictedFinishUs(capacity, ahead, asked)).toBe(us);
  });

  it('the work that is there takes its rows and as few batches as may be', () => {
    expect(workOffUs(one, { windows: 5, runs: 25 })).toBe(3 * 60 + 25 * 40);
    expect(workOffUs(one, nothing)).toBe(0);
  });
});

describe('work by priority', () => {
  it('counts what goes before, and all', () => {
    const work = new WorkByPriority();
    work.add(0, 2, 20);
    work.add(1, 1, 5);
    work.add(3, 4, 4);
    work.add(0, 0, -1);
    expect([0, 1, 2].map((priority) => work.upTo(priority))).toEqual([
      { windows: 2, runs: 19 },
      { windows: 3, runs: 24 },
      { windows: 3, runs: 24 },
    ]);
    expect(work.all).toEqual({ windows: 7, runs: 28 });
  });
});
