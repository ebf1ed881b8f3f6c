import { describe, expect, it } from 'vitest';
import { seededRandom } from '../arrivals/index.js';
import { blockIntervals, effectiveN, errorBudget, spikeRecovery, theilSen, thinned } from './index.js';

describe('theilSen', () => {
  it('is the median of pairwise slopes, unmoved by an outlier', () => {
    // Sen's kind of example: slopes of (0,0) (1,1) (2,2) (3,9): 1, 1, 3, 1, 4, 7 → median 2.
    expect(theilSen([0, 1, 2, 3], [0, 1, 2, 9])?.slope).toBe(2);
    const xs = Array.from({ length: 21 }, (_, i) => i);
    const ys = xs.map((x) => 5 + 2 * x);
    ys[20] = 10_000;
    expect(theilSen(xs, ys)).toMatchObject({ slope: 2, lower: 2, upper: 2 });
    expect(theilSen([1, 1, 1], [1, 2, 3])).toBeNull();
    expect(theilSen([1, 2], [1, 2])).toBeNull();
  });

  it('covers the true slope about 95 times in 100', () => {
    const random = seededRandom(3);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let covered = 0;
    for (let run = 0; run < 400; run++) {
      const xs = Array.from({ length: 30 }, (_, i) => i);
      const figure = theilSen(
        xs,
        xs.map((x) => 0.3 * x + normal()),
      );
      if (figure !== null && figure.lower <= 0.3 && 0.3 <= figure.upper) covered++;
    }
    expect(covered / 400).toBeGreaterThan(0.92);
    expect(covered / 400).toBeLessThan(0.985);
  });

  it('refuses more points than it can pair', () => {
    const many = Array.from({ length: 1_001 }, (_, i) => i);
    expect(() => theilSen(many, many)).toThrow(RangeError);
    expect(thinned(many, 500)).toHaveLength(334);
  });
});

describe('effectiveN', () => {
  it('is n for independent values, and n over the group where neighbours are the same', () => {
    const random = seededRandom(2);
    const blocks = (group: number) =>
      Array.from({ length: 400 }, () => {
        let count = 0;
        let sum = 0;
        let squares = 0;
        for (let i = 0; i < 50 / group; i++) {
          const value = random();
          count += group;
          sum += group * value;
          squares += group * value * value;
        }
        return { count, sum, squares };
      });
    expect(effectiveN(blocks(1))! / 20_000).toBeGreaterThan(0.8);
    expect(effectiveN(blocks(10))! / 2_000).toBeGreaterThan(0.8);
    expect(effectiveN(blocks(10))! / 2_000).toBeLessThan(1.25);
    expect(effectiveN(blocks(1).slice(0, 29))).toBeNull();
  });
});

describe('blockIntervals', () => {
  it('is wider than that of independent requests where whole blocks are slow', () => {
    // 30 blocks of 100 in bucket 1, three of which are slow throughout (bucket 9): p95 is slow or not by the draw.
    const blocks = Array.from({ length: 33 }, (_, i) => {
      const counts = new Uint32Array(10);
      counts[i % 11 === 0 ? 9 : 1] = 100;
      return counts;
    });
    expect(blockIntervals(blocks, [0.5, 0.95], seededRandom(1))).toEqual([
      { lower: 1, upper: 1 },
      { lower: 1, upper: 9 },
    ]);
    expect(blockIntervals(blocks.slice(0, 29), [0.5], seededRandom(1))).toBeNull();
  });
});

describe('spikeRecovery', () => {
  const points = (...p95: (number | null)[]) => p95.map((p95Ms, i) => ({ fromS: i, p95Ms }));

  it('counts from the end of the spike until p95 stays within 10 % of before', () => {
    // before 10; spike over seconds 3..5; after: 40, 10.5, 30, 11, 10.9: stays from second 9 on, 3 s after the end.
    const found = spikeRecovery(points(10, 10, 10, 50, 60, 50, 40, 10.5, 30, 11, 10.9), 1, { fromS: 3, toS: 6 });
    expect(found).toEqual({ beforeMs: 10, duringMs: 50, afterMs: 11, recoveredS: 3, note: null });
  });

  it.each([
    [points(10, 10, 50, 10, 10), 0, null],
    [points(10, 10, 50, 40, 40), null, 'not recovered before the phase ended'],
    [points(null, null, 50, 10, 10), null, 'too few requests before the spike'],
    [points(10, 10, 50, null, null), null, 'too few requests after the spike'],
  ])('%j', (given, recoveredS, note) => {
    expect(spikeRecovery(given, 1, { fromS: 2, toS: 3 })).toMatchObject({ recoveredS, note });
  });
});

describe('errorBudget', () => {
  it('is what the objective leaves to fail', () => {
    const budget = errorBudget(0.999, 100_000, 25);
    expect(budget.allowed).toBeCloseTo(100, 9);
    expect(budget.usedShare).toBeCloseTo(0.25, 9);
    expect(errorBudget(1, 10, 1)).toMatchObject({ allowed: 0, usedShare: null });
  });
});
