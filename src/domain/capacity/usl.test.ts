import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../arrivals/index.js';
import {
  type CapacityLevel,
  fitCapacity,
  fitUsl,
  predictAt,
  type UslModel,
  uslPeakUsers,
  uslThroughput,
} from './index.js';

const LEVELS = [1, 2, 4, 8, 16, 32, 64];

/** Levels of a system that follows the law, its p95 at a fixed distance from the mean. */
function levelsOf(law: UslModel, noise: () => number = () => 0, users: readonly number[] = LEVELS): CapacityLevel[] {
  return users.map((n) => {
    const throughputPerS = uslThroughput(law, n) * (1 + noise());
    const meanMs = (n / throughputPerS) * 1000;
    return { users: n, throughputPerS, meanMs, p95Ms: meanMs * 1.8 * (1 + noise()) };
  });
}

const laws = fc.record({
  lambda: fc.double({ min: 1, max: 5_000, noNaN: true }),
  sigma: fc.double({ min: 0, max: 0.9, noNaN: true }),
  kappa: fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 0.01, noNaN: true })),
});

describe('the law', () => {
  it('is λN / (1 + σ(N − 1) + κN(N − 1))', () => {
    // 100·10 / (1 + 0.1·9 + 0.01·90) = 1000 / 2.8
    expect(uslThroughput({ lambda: 100, sigma: 0.1, kappa: 0.01 }, 10)).toBeCloseTo(357.142857, 6);
    expect(uslPeakUsers({ lambda: 100, sigma: 0.19, kappa: 0.01 })).toBeCloseTo(9, 12);
    expect(uslPeakUsers({ lambda: 100, sigma: 0.1, kappa: 0 })).toBe(Infinity);
    expect(uslPeakUsers({ lambda: 100, sigma: 1.2, kappa: 0.1 })).toBe(1);
  });

  it('is found again from its own figures', () => {
    fc.assert(
      fc.property(laws, (law) => {
        const fitted = fitUsl(levelsOf(law));
        expect(fitted).not.toBeNull();
        for (const n of [1, 3, 10, 64, 128]) {
          expect(uslThroughput(fitted!, n) / uslThroughput(law, n)).toBeCloseTo(1, 4);
        }
      }),
    );
  });

  it('never has coefficients below zero, whatever the figures', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e5, noNaN: true }), { minLength: 7, maxLength: 7 }), (xs) => {
        const fitted = fitUsl(LEVELS.map((users, i) => ({ users, throughputPerS: xs[i]! })));
        if (fitted === null) return;
        expect(fitted.lambda).toBeGreaterThan(0);
        expect(fitted.sigma).toBeGreaterThanOrEqual(0);
        expect(fitted.kappa).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(fitted.lambda + fitted.sigma + fitted.kappa)).toBe(true);
      }),
    );
  });
});

describe('fitCapacity', () => {
  it('predicts throughput and p95 of levels it has not seen within 10 %', () => {
    fc.assert(
      fc.property(laws, fc.integer({ min: 1, max: 1e6 }), (law, seed) => {
        const random = seededRandom(seed);
        // Run-to-run scatter of up to 2 % either way.
        const fit = fitCapacity(
          levelsOf(law, () => (random() - 0.5) * 0.04),
          0,
          random,
        );
        expect(fit.refusal).toBeNull();
        expect(fit.model!.error).toBeLessThan(0.1);
        expect(fit.model!.p95Error).toBeLessThan(0.1);
        for (const n of [3, 6, 12, 24, 48]) {
          const predicted = predictAt(fit.model!, n)!;
          expect(Math.abs(predicted.throughputPerS.value / uslThroughput(law, n) - 1)).toBeLessThan(0.1);
          expect(Math.abs(predicted.p95Ms!.value / ((n / uslThroughput(law, n)) * 1800) - 1)).toBeLessThan(0.1);
        }
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it('holds the true law in its intervals in most runs', () => {
    const law = { lambda: 200, sigma: 0.08, kappa: 0.0004 };
    let held = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed);
      const noise = (): number => (random() + random() + random() - 1.5) * 0.04;
      const { model } = fitCapacity(levelsOf(law, noise), 0, random);
      const { lower, upper } = predictAt(model!, 24)!.throughputPerS;
      if (lower <= uslThroughput(law, 24) && uslThroughput(law, 24) <= upper) held++;
    }
    expect(held).toBeGreaterThanOrEqual(32);
  });

  it('subtracts the pause between requests', () => {
    const levels = LEVELS.map((users) => ({ users, throughputPerS: users / 0.5, meanMs: 100, p95Ms: 150 }));
    const { model } = fitCapacity(levels, 0.4, seededRandom(1));
    expect(predictAt(model!, 10)!.meanMs.value).toBeCloseTo(100, 6);
    expect(predictAt(model!, 10)!.p95Ms!.value).toBeCloseTo(150, 6);
    expect(model!.ceilingPerS).toBeNull();
  });

  it('names a peak inside its reach, a bound where there is none, and nothing beyond twice the most users', () => {
    const peaked = fitCapacity(levelsOf({ lambda: 100, sigma: 0.1, kappa: 0.001 }), 0, seededRandom(1)).model!;
    expect(peaked.ceilingIs).toBe('peak');
    expect(peaked.peakUsers!.value).toBeCloseTo(30, 6);
    const bounded = fitCapacity(levelsOf({ lambda: 100, sigma: 0.1, kappa: 0 }), 0, seededRandom(1)).model!;
    expect(bounded.ceilingIs).toBe('bound');
    expect(bounded.ceilingPerS!.value).toBeCloseTo(1000, 4);
    expect(bounded.peakUsers).toBeNull();
    expect(predictAt(bounded, 128)).not.toBeNull();
    expect(predictAt(bounded, 129)).toBeNull();
    expect(predictAt(bounded, 0)).toBeNull();
  });

  it('refuses in a sentence what it cannot know', () => {
    const law = { lambda: 100, sigma: 0.1, kappa: 0 };
    const refusal = (levels: CapacityLevel[]): string | null => fitCapacity(levels, 0, seededRandom(1)).refusal;
    expect(refusal([])).toMatch(/^0 different numbers of users/);
    expect(refusal(levelsOf(law, () => 0, [1, 2, 4, 8, 16]))).toMatch(/^5 different .* at least 6/);
    expect(refusal(levelsOf(law, () => 0, [2, 4, 8, 16, 32, 64]))).toMatch(/No level with one user/);
    expect(refusal(levelsOf(law).map((level) => ({ ...level, throughputPerS: 0 })))).toMatch(/not one request/);
    // A step is not the law.
    const step = LEVELS.map((users) => ({ users, throughputPerS: users < 8 ? 10 : 300, meanMs: 1, p95Ms: 2 }));
    expect(refusal(step)).toMatch(/does not fit: it misses .* held out by/);
  });

  it('predicts no p95 that it missed too far, or that was not measured', () => {
    const levels = levelsOf({ lambda: 100, sigma: 0.1, kappa: 0 });
    const wild = levels.map((level, i) => ({ ...level, p95Ms: level.meanMs! * (i % 2 === 0 ? 1.2 : 4) }));
    expect(predictAt(fitCapacity(wild, 0, seededRandom(1)).model!, 10)!.p95Ms).toBeNull();
    const without = levels.map((level) => ({ ...level, p95Ms: null }));
    const model = fitCapacity(without, 0, seededRandom(1)).model!;
    expect(model.p95Error).toBeNull();
    expect(predictAt(model, 10)!.p95Ms).toBeNull();
  });
});
