import { describe, expect, it } from 'vitest';
import { seededRandom } from '../arrivals/index.js';
import { ModelRuns } from './index.js';

/** Batches of each size, every row of which is a request that tells of the run; times are off by up to a tenth. */
function runsOf(sizes: readonly number[], batches: number, seed: number, msOf = (rows: number) => 0.4 + 0.05 * rows) {
  const random = seededRandom(seed);
  const runs = new ModelRuns(random);
  for (const rows of sizes) {
    for (let i = 0; i < batches; i++) {
      const ms = msOf(rows) * (0.9 + 0.2 * random());
      for (let row = 0; row < rows; row++) runs.add(rows, ms);
    }
  }
  return runs.curve();
}

describe('ModelRuns', () => {
  it('finds the line, and holds it in its intervals', () => {
    let held = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const curve = runsOf([1, 2, 3, 5, 8, 13, 21, 32], 120, seed);
      if (curve.kind !== 'curve') throw new Error(curve.reason);
      expect(curve.perRunMs.value).toBeCloseTo(0.4, 1);
      expect(curve.perRowMs.value).toBeCloseTo(0.05, 2);
      expect(curve.errorMax).toBeLessThan(0.1);
      expect(curve.sizes.map(({ rows, batches }) => [rows, batches])).toContainEqual([32, 120]);
      if (curve.perRowMs.lower <= 0.05 && curve.perRowMs.upper >= 0.05) held++;
    }
    expect(held).toBeGreaterThanOrEqual(34);
  });

  it('says where the times are no line', () => {
    const curve = runsOf([1, 2, 4, 8, 16, 32], 50, 1, (rows) => (rows > 8 ? 5 : 1));
    expect(curve.kind === 'curve' && curve.errorMax > 0.3).toBe(true);
  });

  it('draws no line through one size, through a few batches, or of a service that tells nothing', () => {
    expect(runsOf([4], 50, 1)).toEqual({
      kind: 'none',
      reason: 'batches came in 1 size only, and a line takes 3',
    });
    expect(runsOf([1, 2, 4], 4, 1).kind).toBe('none');
    const silent = new ModelRuns(seededRandom(1));
    silent.add(0, 3);
    silent.add(2, Number.NaN);
    expect(silent.curve()).toEqual({ kind: 'none', reason: 'no answer says how long the model ran' });
  });
});
