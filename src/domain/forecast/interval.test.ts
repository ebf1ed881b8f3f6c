import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  conformalRanks,
  decodeFloats,
  decodeResiduals,
  encodeFloats,
  intervalOf,
  shiftInLogSpace,
} from './interval.js';
import { firstDisagreement, outputsAgree } from './output-equality.js';

describe('conformal intervals', () => {
  it('take the ranks of the (n + 1) rule', () => {
    expect(conformalRanks(19, 0.9)).toEqual({ lower: 1, upper: 19 });
    expect(conformalRanks(18, 0.9)).toBeNull();
    expect(conformalRanks(99, 0.9)).toEqual({ lower: 5, upper: 95 });
    expect(conformalRanks(720, 0.8)).toEqual({ lower: 72, upper: 649 });
  });

  it('shift in log space, never below zero', () => {
    expect(shiftInLogSpace(90, Math.log(2), 10)).toBeCloseTo(190, 9);
    expect(shiftInLogSpace(90, -10, 10)).toBe(0);
    expect(shiftInLogSpace(-5, 0, 10)).toBeCloseTo(-5, 9);
  });

  it('use the residuals of the step and target, the last step beyond the calibrated ones', () => {
    // 2 horizons, 2 targets, 19 residuals each; horizon 2 of target 1 runs from −0.9 to 0.9.
    const run = (size: number): number[] => Array.from({ length: 19 }, (_, i) => (size * (i - 9)) / 9);
    const values = encodeFloats([run(0.1), run(0.2), run(0.3), run(0.9)].flat());
    const residuals = decodeResiduals({ horizons: 2, n: 19, log_offset: [0, 0], values }, 2);
    const [lower, upper] = intervalOf(residuals, 7, 1, 0.9, 100)!;
    expect(lower).toBeCloseTo(100 * Math.exp(-0.9), 4);
    expect(upper).toBeCloseTo(100 * Math.exp(0.9), 4);
    expect(intervalOf(residuals, 1, 0, 0.95, 100)).toBeNull();
  });

  it('read back the numbers that were written, and refuse others', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true })), (numbers) => {
        expect([...decodeFloats(encodeFloats(numbers))]).toEqual(numbers);
      }),
    );
    expect(() => decodeFloats('not base64!')).toThrow('not base64');
    expect(() => decodeFloats(btoa('abc'))).toThrow('3 bytes');
    const values = encodeFloats([1, 2, 3]);
    expect(() => decodeResiduals({ horizons: 1, n: 2, log_offset: [0], values }, 1)).toThrow('3 values, expected 2');
  });
});

describe('equal outputs', () => {
  it('are within 1e-5 of the value or of the spread, whichever is larger', () => {
    expect(outputsAgree(1.000009, 1, 0)).toBe(true);
    expect(outputsAgree(1.00002, 1, 0)).toBe(false);
    expect(outputsAgree(1e-3, 0, 1000)).toBe(true);
    expect(outputsAgree(Number.NaN, Number.NaN, 1)).toBe(false);
  });

  it('are named where they end', () => {
    expect(firstDisagreement([1, 2, 3, 4], [1, 2, 3, 4], [0, 0])).toBeNull();
    expect(firstDisagreement([1, 2, 3, 5], [1, 2, 3, 4], [0, 0])).toEqual({ index: 3, actual: 5, expected: 4 });
    expect(firstDisagreement([1], [1, 2], [0])?.index).toBe(1);
  });
});
