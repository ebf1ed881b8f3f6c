import { describe, expect, it } from 'vitest';
import { normalQuantile, studentQuantile } from './index.js';

describe('quantiles', () => {
  // Tables in any textbook.
  it.each([
    [0.025, 1.96],
    [0.05, 1.645],
    [0.005, 2.576],
    [0.0005, 3.291],
  ])('of the normal distribution, above which %d lies', (tail, z) => {
    expect(normalQuantile(tail)).toBeCloseTo(z, 2);
  });

  it.each([
    [5, 0.025, 2.571],
    [10, 0.025, 2.228],
    [30, 0.025, 2.042],
    [20, 0.005, 2.845],
  ])("of Student's t with %d degrees of freedom, above which %d lies", (freedom, tail, t) => {
    expect(Math.abs(studentQuantile(freedom, tail) / t - 1)).toBeLessThan(0.01);
  });
});
