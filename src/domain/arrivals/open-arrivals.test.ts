import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalTimes, inverseOf, type OpenArrivals, profileArrivals, type RateSegment, rateAt } from './index.js';

const S = 1e6;
const flat = (perS: number, seconds: number): RateSegment => ({ lengthUs: seconds * S, fromPerS: perS, toPerS: perS });
const plan = (profile: readonly RateSegment[], process: OpenArrivals['process'] = 'constant'): OpenArrivals => ({
  startUs: 5 * S,
  profile,
  process,
  seed: 7,
});
const dueS = (open: OpenArrivals, generator = 0, generators = 1): number[] =>
  [...arrivalTimes(open, generator, generators)].map((us) => us / S - 5);

describe('a constant rate', () => {
  it.each([
    [4, 1, [0, 0.25, 0.5, 0.75]],
    [1, 3, [0, 1, 2]],
    [0.5, 4, [0, 2]],
    [3, 0.5, [0, 1 / 3]],
    [10, 0.05, [0]],
  ])('of %d/s for %d s is due at %j', (perS, seconds, expected) => {
    const due = dueS(plan([flat(perS, seconds)]));
    expect(due).toHaveLength(expected.length);
    for (const [i, s] of expected.entries()) expect(due[i]).toBeCloseTo(s, 9);
  });

  it('does not drift: arrival 999,999 of 1000/s is due at 999.999 s', () => {
    let last = 0;
    let count = 0;
    for (const us of arrivalTimes(plan([flat(1_000, 1_000)]), 0, 1)) {
      last = us;
      count++;
    }
    expect(count).toBe(1_000_000);
    expect(last).toBeCloseTo((5 + 999.999) * S, 3);
  });
});

describe('a ramp', () => {
  it.each([
    // Λ(t) = t² for 0 → 20/s over 10 s: arrival k at √k.
    [0, 20, 10, [0, 1, Math.SQRT2, Math.sqrt(3), 2]],
    // Λ(t) = 20t − t² downwards: arrival k at 10 − √(100 − k).
    [20, 0, 10, [0, 10 - Math.sqrt(99), 10 - Math.sqrt(98)]],
    // Λ(t) = 10t + t²/2: arrival k at −10 + √(100 + 2k).
    [10, 20, 10, [0, Math.sqrt(102) - 10, Math.sqrt(104) - 10]],
  ])('from %d/s to %d/s over %d s', (from, to, seconds, first) => {
    const due = dueS(plan([{ lengthUs: seconds * S, fromPerS: from, toPerS: to }]));
    expect(due).toHaveLength(((from + to) / 2) * seconds);
    for (const [i, s] of first.entries()) expect(due[i]).toBeCloseTo(s, 6);
  });
});

describe('a spike', () => {
  const profile = [flat(2, 2), flat(10, 1), flat(2, 2)];

  it('changes its rate at once', () => {
    const due = dueS(plan(profile));
    expect(due.filter((s) => s < 2)).toHaveLength(4);
    expect(due.filter((s) => s >= 2 && s < 3 - 1e-9)).toHaveLength(10);
    expect(due.filter((s) => s >= 3 - 1e-9)).toHaveLength(4);
    expect([0, 1.9, 2, 2.9, 3, 5].map((s) => rateAt(profile, s * S))).toEqual([2, 2, 10, 10, 2, 0]);
    expect(profileArrivals(profile)).toBe(18);
  });
});

describe('Poisson arrivals', () => {
  it('come at the wanted rate, with exponential gaps', () => {
    const due = dueS(plan([flat(1_000, 100)], 'poisson'));
    expect(Math.abs(due.length - 100_000)).toBeLessThan(4 * Math.sqrt(100_000));
    const gaps = due.slice(1).map((s, i) => s - due[i]!);
    const mean = gaps.reduce((a, b) => a + b) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((a, b) => a + (b - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean).toBeCloseTo(1, 1);
    // P(gap > mean) = 1/e for an exponential.
    expect(gaps.filter((gap) => gap > 0.001).length / gaps.length).toBeCloseTo(Math.exp(-1), 2);
  });

  it('follow a changing rate and repeat by seed', () => {
    const ramp = plan([{ lengthUs: 10 * S, fromPerS: 0, toPerS: 2_000 }], 'poisson');
    const due = dueS(ramp);
    // Half of the time brings a quarter of the arrivals.
    expect(due.filter((s) => s < 5).length / due.length).toBeCloseTo(0.25, 1);
    expect(dueS(ramp)).toEqual(due);
    expect(dueS({ ...ramp, seed: 8 })).not.toEqual(due);
  });
});

describe('several generators', () => {
  it('give together exactly the due times of one', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            lengthUs: fc.integer({ min: 1_000, max: 2_000_000 }),
            fromPerS: fc.integer({ min: 0, max: 200 }),
            toPerS: fc.integer({ min: 0, max: 200 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('constant' as const, 'poisson' as const),
        (profile, generators, process) => {
          const open = plan(profile, process);
          const whole = dueS(open);
          const parts = Array.from({ length: generators }, (_, g) => dueS(open, g, generators));
          expect(parts.flat().sort((a, b) => a - b)).toEqual(whole);
          expect(whole).toEqual(whole.toSorted((a, b) => a - b));
        },
      ),
    );
  });
});

describe('inverseOf', () => {
  it('undoes the cumulative rate', () => {
    const profile = [flat(0, 1), { lengthUs: S, fromPerS: 0, toPerS: 100 }, flat(100, 2)];
    const inverse = inverseOf(profile);
    expect(inverse(0)).toBe(1 * S);
    expect(inverse(12.5)).toBeCloseTo(1.5 * S, 3);
    expect(inverse(50)).toBeCloseTo(2 * S, 3);
    expect(inverse(150)).toBeCloseTo(3 * S, 3);
    expect(inverse(250)).toBeNull();
  });
});
