import { describe, expect, it } from 'vitest';
import { meanInterval } from './index.js';

describe('meanInterval', () => {
  it('is the textbook interval', () => {
    // 1 … 10: mean 5.5, s = 3.02765, t(9) = 2.262, so ± 2.262 · 3.02765 / √10 = 2.166.
    const figure = meanInterval([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(figure?.mean).toBe(5.5);
    expect(figure?.upper).toBeCloseTo(5.5 + 2.166, 2);
    expect(figure?.lower).toBeCloseTo(5.5 - 2.166, 2);
  });

  it('says nothing of fewer than five values', () => {
    expect(meanInterval([1, 2, 3, 4])).toBeNull();
    expect(meanInterval([7, 7, 7, 7, 7])).toEqual({ mean: 7, lower: 7, upper: 7 });
  });
});
