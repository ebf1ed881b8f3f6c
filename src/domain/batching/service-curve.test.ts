import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitLine, runTimeUs, ServiceCurveFit } from './service-curve.js';

describe('fitLine', () => {
  it('goes through two points', () => {
    // 60 + 40·n
    const curve = fitLine([
      { rows: 1, medianUs: 100, weight: 3 },
      { rows: 16, medianUs: 700, weight: 9 },
    ]);
    expect(curve.perRunUs).toBeCloseTo(60, 9);
    expect(curve.perRowUs).toBeCloseTo(40, 9);
    expect(runTimeUs(curve, 8)).toBeCloseTo(380, 9);
  });

  it('charges one known size to its rows', () => {
    expect(fitLine([{ rows: 4, medianUs: 200, weight: 1 }])).toEqual({ perRunUs: 0, perRowUs: 50 });
  });

  it('keeps both coefficients from going below zero', () => {
    // Falling: the best constant is the weighted mean.
    expect(
      fitLine([
        { rows: 1, medianUs: 300, weight: 1 },
        { rows: 2, medianUs: 100, weight: 1 },
      ]),
    ).toEqual({ perRunUs: 200, perRowUs: 0 });
    // Steeper than proportional: the best line through the origin is Σ n·t / Σ n² = (1·10 + 2·100) / 5.
    expect(
      fitLine([
        { rows: 1, medianUs: 10, weight: 1 },
        { rows: 2, medianUs: 100, weight: 1 },
      ]),
    ).toEqual({ perRunUs: 0, perRowUs: 42 });
  });
});

describe('ServiceCurveFit', () => {
  it('finds the line although every seventh run is held up by 100 ms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 200 }), (a, b) => {
        const fit = new ServiceCurveFit();
        for (let i = 0; i < 2_000; i++) {
          const rows = 1 + ((i * 13) % 32);
          fit.note(rows, a + b * rows + (i % 7 === 0 ? 100_000 : 0));
        }
        expect(fit.curve?.perRunUs).toBeCloseTo(a, 6);
        expect(fit.curve?.perRowUs).toBeCloseTo(b, 6);
      }),
    );
  });

  it('follows when the model becomes slower', () => {
    const fit = new ServiceCurveFit();
    for (let i = 0; i < 400; i++) fit.note(1 + (i % 8), 10 * (1 + (i % 8)));
    for (let i = 0; i < 400; i++) fit.note(1 + (i % 8), 30 * (1 + (i % 8)));
    expect(fit.curve?.perRowUs).toBeCloseTo(30, 6);
  });

  it('forgets a size of batch that is not seen any more', () => {
    const fit = new ServiceCurveFit();
    for (let i = 0; i < 100; i++) fit.note(32, 900_000);
    for (let i = 0; i < 5000; i++) fit.note(1 + (i % 2), 60 + 40 * (1 + (i % 2)));
    expect(fit.curve?.perRunUs).toBeCloseTo(60, 6);
    expect(fit.curve?.perRowUs).toBeCloseTo(40, 6);
  });

  it('has no line before the first run, and ignores what cannot be', () => {
    const fit = new ServiceCurveFit();
    fit.note(0, 5);
    fit.note(1, -1);
    fit.note(1, Number.NaN);
    expect(fit.curve).toBeNull();
  });

  it('stretches the line to the mean for sums of many runs', () => {
    const fit = new ServiceCurveFit();
    expect(fit.expected).toBeNull();
    // Four in ten take half as long again: the medians do not move, the sum is a fifth longer.
    for (let i = 0; i < 5_000; i++) {
      const rows = 1 + ((i * 13) % 32);
      fit.note(rows, (60 + 40 * rows) * (i % 10 < 4 ? 1.5 : 1));
    }
    expect(fit.curve?.perRowUs).toBeCloseTo(40, 6);
    expect(fit.expected?.perRowUs).toBeGreaterThan(47.5);
    expect(fit.expected?.perRowUs).toBeLessThan(48.5);
    expect(fit.expected?.perRunUs).toBeCloseTo((fit.expected?.perRowUs ?? 0) * 1.5, 6);
  });

  it('one run that was held up for a second moves it by a hundredth or so', () => {
    const fit = new ServiceCurveFit();
    for (let i = 0; i < 1_000; i++) fit.note(1 + (i % 8), 100 * (1 + (i % 8)));
    fit.note(1, 1e6);
    expect(fit.expected?.perRowUs).toBeGreaterThan(100);
    expect(fit.expected?.perRowUs).toBeLessThan(102);
  });

  it('runs that take no time predict none', () => {
    const fit = new ServiceCurveFit();
    fit.note(1, 0);
    expect(fit.expected).toEqual({ perRunUs: 0, perRowUs: 0 });
  });
});
