import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialCdf, percentileFigure, percentileRanks, smallestSupportedN, sortedValues } from './index.js';

/** The sum of the definition, term by term in logarithms (0.01⁴⁰⁰ is no double): slow and plain. */
function naiveCdf(k: number, n: number, p: number): number {
  let logTerm = n * Math.log(1 - p);
  let sum = 0;
  for (let i = 0; i <= k; i++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(((n - i) / (i + 1)) * (p / (1 - p)));
  }
  return sum;
}

describe('binomialCdf', () => {
  it('equals the sum of its terms', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0.02, max: 0.98, noNaN: true }),
        fc.nat(300),
        (n, p, k) => {
          expect(binomialCdf(Math.min(k, n), n, p)).toBeCloseTo(naiveCdf(Math.min(k, n), n, p), 9);
        },
      ),
    );
  });

  it('knows its ends', () => {
    expect(binomialCdf(-1, 10, 0.3)).toBe(0);
    expect(binomialCdf(10, 10, 0.3)).toBe(1);
    expect(binomialCdf(0, 2, 0.5)).toBeCloseTo(0.25, 12);
  });
});

describe('percentileRanks', () => {
  it.each([
    [0.99, 1_000, 983, 997],
    [0.99, 10_000, 9_880, 9_920],
    [0.95, 100, 90, 100],
    [0.95, 200, 184, 197],
  ])('p = %d of %d requests lies between ranks %d and %d', (p, n, lower, upper) => {
    expect(percentileRanks(n, p)).toMatchObject({ lower, upper });
  });

  it('estimates by the rank ⌈n·p⌉ and is not led astray by rounding', () => {
    expect(percentileRanks(100, 0.95).estimate).toBe(95);
    expect(percentileRanks(1_000, 0.99).estimate).toBe(990);
    expect(percentileRanks(20, 0.99).estimate).toBe(20);
    expect(percentileRanks(1, 0.5).estimate).toBe(1);
  });

  it.each([
    [0.95, 72],
    [0.99, 368],
    [0.999, 3_688],
  ])('p = %d has an upper bound from n = %d on', (p, n) => {
    expect(smallestSupportedN(p)).toBe(n);
    expect(percentileRanks(n, p).upper).toBe(n);
    expect(percentileRanks(n - 1, p).upper).toBeNull();
  });

  it('obeys its own definition, term by term', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.constantFrom(0.5, 0.9, 0.95, 0.99), (n, p) => {
        const { lower, upper } = percentileRanks(n, p);
        let l = 0;
        while (l < n && naiveCdf(l, n, p) <= 0.025) l++;
        let u = 1;
        while (u <= n && naiveCdf(u - 1, n, p) < 0.975) u++;
        expect(lower).toBe(l === 0 ? null : l);
        expect(upper).toBe(u > n ? null : u);
      }),
    );
  });

  it('covers the true percentile about 95 times in 100', () => {
    // The true p95 of uniform numbers is 0.95; a fixed linear congruence keeps the test the same everywhere.
    let state = 12_345;
    const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    let covered = 0;
    for (let run = 0; run < 1_000; run++) {
      const sorted = Array.from({ length: 200 }, next).sort((a, b) => a - b);
      const { lower, upper } = percentileFigure(200, 0.95, sortedValues(sorted));
      if ((lower ?? 0) <= 0.95 && 0.95 <= (upper ?? 1)) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(930);
  });
});

describe('sortedValues', () => {
  it('refuses ranks that are not there', () => {
    expect(() => sortedValues([1, 2])(3)).toThrow('rank 3 of 2');
    expect(sortedValues([1, 2])(2)).toBe(2);
  });
});
