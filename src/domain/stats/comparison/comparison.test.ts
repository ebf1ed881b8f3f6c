import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../arrivals/index.js';
import {
  cliffsDelta,
  coefficientOfVariation,
  compareFigures,
  comparisonPower,
  hodgesLehmann,
  holm,
  mannWhitneyP,
  smallestP,
  tooFewRuns,
} from '../index.js';

const figures = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 });

/** Every split of the pooled figures, counted one by one. */
function naiveP(a: number[], b: number[]): number {
  const pooled = [...a, ...b];
  const wins = (left: number[], right: number[]): number =>
    right.reduce((s, y) => s + left.reduce((t, x) => t + (y > x ? 1 : y === x ? 0.5 : 0), 0), 0);
  const middle = (a.length * b.length) / 2;
  const distance = Math.abs(wins(a, b) - middle);
  let extreme = 0;
  let all = 0;
  for (let set = 0; set < 2 ** pooled.length; set++) {
    const left = pooled.filter((_, i) => (set & (1 << i)) !== 0);
    if (left.length !== a.length) continue;
    const right = pooled.filter((_, i) => (set & (1 << i)) === 0);
    all++;
    if (Math.abs(wins(left, right) - middle) >= distance - 1e-9) extreme++;
  }
  return extreme / all;
}

describe('the rank test', () => {
  it('gives the p of the tables', () => {
    expect(mannWhitneyP([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(2 / 252, 12);
    expect(mannWhitneyP([1, 2, 3], [4, 5, 6])).toBeCloseTo(0.1, 12);
    // U = 2: four of 252 splits as extreme on each side.
    expect(mannWhitneyP([1, 2, 3, 4, 7], [5, 6, 8, 9, 10])).toBeCloseTo(8 / 252, 12);
    expect(mannWhitneyP([5, 5, 5, 5], [5, 5, 5, 5])).toBe(1);
    expect(mannWhitneyP([], [1])).toBe(1);
    expect(smallestP(5, 5)).toBeCloseTo(2 / 252, 12);
  });

  it('agrees with counting every split, ties included', () => {
    fc.assert(
      fc.property(figures, figures, (a, b) => {
        expect(mannWhitneyP(a, b)).toBeCloseTo(naiveP(a, b), 9);
      }),
      { numRuns: 60 },
    );
  });

  it('goes over to the normal law without a jump', () => {
    const random = seededRandom(7);
    const a = Array.from({ length: 25 }, () => random());
    const b = Array.from({ length: 25 }, () => random() + 0.15);
    const exact = mannWhitneyP(a, b);
    const normal = mannWhitneyP([...a, 0.5], [...b, 0.65]);
    expect(Math.abs(exact - normal)).toBeLessThan(0.02);
  });
});

describe('hodgesLehmann', () => {
  it('is the median difference, its interval by the rank test', () => {
    // 25 differences; P(U ≤ 2) = 4/252 ≤ 2.5 % < P(U ≤ 3): from the third smallest to the third largest.
    const a = [10, 11, 12, 13, 14];
    const b = [20, 22, 24, 26, 28];
    const shift = hodgesLehmann(a, b);
    const sorted = b.flatMap((y) => a.map((x) => y - x)).sort((x, y) => x - y);
    expect(shift).toEqual({ value: sorted[12], lower: sorted[2], upper: sorted[22] });
    expect(hodgesLehmann([1, 2, 3], [4, 5, 6])).toEqual({ value: 3, lower: null, upper: null });
    expect(() => hodgesLehmann([], [1])).toThrow(RangeError);
  });

  it('moves with the figures and turns with the groups', () => {
    fc.assert(
      fc.property(figures, figures, fc.integer({ min: -5, max: 5 }), (a, b, more) => {
        const shift = hodgesLehmann(a, b).value;
        expect(
          hodgesLehmann(
            a,
            b.map((value) => value + more),
          ).value,
        ).toBeCloseTo(shift + more, 9);
        expect(hodgesLehmann(b, a).value).toBeCloseTo(-shift, 9);
        expect(cliffsDelta(a, b)).toBeCloseTo(-cliffsDelta(b, a), 9);
      }),
    );
  });
});

describe('holm', () => {
  it('multiplies by how many are left, and never falls', () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((p, i) => {
      expect(adjusted[i]).toBeCloseTo(p, 12);
    });
    expect(holm([])).toEqual([]);
    expect(holm([0.9, 0.8])).toEqual([1, 1]);
  });
});

describe('compareFigures', () => {
  const figure = (a: number[], b: number[], better: 'lower' | 'higher' = 'lower', isShare = false) => ({
    name: 'p95',
    better,
    isShare,
    a,
    b,
  });
  const outcome = (...args: Parameters<typeof figure>): string => compareFigures(figure(...args), [])[0]!.outcome;

  it('needs a significant shift of 5 % to call groups different', () => {
    const a = [100, 101, 102, 103, 104];
    expect(
      outcome(
        a,
        a.map((x) => x * 1.1),
      ),
    ).toBe('worse');
    expect(
      outcome(
        a,
        a.map((x) => x * 1.1),
        'higher',
      ),
    ).toBe('better');
    expect(
      outcome(
        a,
        a.map((x) => x * 0.9),
      ),
    ).toBe('better');
    expect(
      outcome(
        a,
        a.map((x) => x + 5),
      ),
    ).toBe('undecided'); // significant, 4.9 %, may be more
    expect(
      outcome(
        a,
        a.map((x) => x + 1),
      ),
    ).toBe('alike');
    expect(outcome([50, 150, 100, 80, 120], [60, 160, 110, 90, 130])).toBe('undecided');
  });

  it('measures shares in points, and says nothing against a median of zero', () => {
    expect(outcome([1, 1, 1, 1, 1], [0.99, 0.991, 0.992, 0.993, 0.994], 'higher', true)).toBe('worse');
    expect(outcome([0, 0, 0, 0, 0], [1, 2, 3, 4, 5])).toBe('undecided');
  });

  it('corrects the secondary figures for their number, the primary not', () => {
    const a = [1, 2, 3, 4, 7];
    const b = [5, 6, 8, 9, 10];
    const [primary, ...others] = compareFigures(figure(a, b), [figure(a, b), figure(a, b)]);
    expect(primary!.adjustedP).toBeCloseTo(8 / 252, 12);
    expect(others.map(({ adjustedP }) => adjustedP)).toEqual([16 / 252, 16 / 252]);
    expect(primary!.outcome).toBe('worse');
    expect(others[0]!.outcome).toBe('undecided');
  });

  it('refuses groups that cannot show anything', () => {
    expect(tooFewRuns(3, 3)).toMatch(/3 against 3 runs cannot .*0\.10/);
    expect(tooFewRuns(3, 4)).not.toBeNull();
    expect(tooFewRuns(0, 9)).not.toBeNull();
    expect(tooFewRuns(4, 4)).toBeNull();
    expect(tooFewRuns(3, 5)).toBeNull();
  });

  it('calls A/A different in at most 5 % of 200 pairs and finds 10 % in at least 90 %', () => {
    const random = seededRandom(11);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const group = (mean: number): number[] => Array.from({ length: 5 }, () => mean * (1 + 0.03 * normal()));
    const verdicts = (factor: number): string[] =>
      Array.from({ length: 200 }, () => outcome(group(120), group(120 * factor)));
    const isDifferent = (verdict: string): boolean => verdict === 'worse' || verdict === 'better';
    expect(verdicts(1).filter(isDifferent).length).toBeLessThanOrEqual(10);
    expect(verdicts(1.1).filter((verdict) => verdict === 'worse').length).toBeGreaterThanOrEqual(180);
    expect(verdicts(1 / 1.1).filter((verdict) => verdict === 'better').length).toBeGreaterThanOrEqual(180);
  });
});

describe('comparisonPower', () => {
  it('is 0.97 at a run-to-run CV of 3 % and 0.62 at 5 %, five against five', () => {
    expect(comparisonPower(5, 5, 0.03, seededRandom(1))).toBeCloseTo(0.97, 1);
    expect(Math.abs(comparisonPower(5, 5, 0.05, seededRandom(1)) - 0.62)).toBeLessThan(0.06);
    expect(comparisonPower(3, 3, 0.001, seededRandom(1))).toBe(0);
  });

  it('knows the coefficient of variation', () => {
    expect(coefficientOfVariation([9, 10, 11])).toBeCloseTo(0.1, 12);
    expect(coefficientOfVariation([1])).toBeNull();
    expect(coefficientOfVariation([0, 0])).toBeNull();
  });
});
