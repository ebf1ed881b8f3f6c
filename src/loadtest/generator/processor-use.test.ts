import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { processorUse, readProcessor } from './processor-use.js';

describe('processorUse', () => {
  const from = { atMs: 1_000, waitedMs: 10, runs: 100 };

  it('is the wait of each turn, and the share of the time that was waited', () => {
    expect(processorUse(from, { atMs: 2_000, waitedMs: 110, runs: 300 })).toEqual({ waitMs: 0.5, waitShare: 0.1 });
  });

  it('says no mean of a few turns, and no share of a moment', () => {
    // One who always has work takes few turns: the share of the time tells that it got too little of it.
    expect(processorUse(from, { atMs: 2_000, waitedMs: 710, runs: 299 })).toEqual({ waitMs: null, waitShare: 0.7 });
    expect(processorUse(from, { atMs: 1_999, waitedMs: 110, runs: 300 })).toEqual({ waitMs: 0.5, waitShare: null });
  });

  it('says nothing where the system says nothing', () => {
    expect(processorUse(null, from)).toBeNull();
    expect(processorUse(from, null)).toBeNull();
  });
});

describe('readProcessor', () => {
  it.skipIf(!existsSync('/proc/self/schedstat'))('counts up', async () => {
    const first = readProcessor();
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 2));
    const second = readProcessor();
    expect(second?.runs).toBeGreaterThan(first?.runs ?? Infinity);
    expect(second?.waitedMs).toBeGreaterThanOrEqual(first?.waitedMs ?? Infinity);
  });
});
