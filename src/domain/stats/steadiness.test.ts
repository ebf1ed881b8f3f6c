import { describe, expect, it } from 'vitest';
import { seededRandom } from '../arrivals/index.js';
import { driftOf, mserCut, steadinessOf } from './index.js';

const BATCHES = 240;
const RUNS = 150;

/** A first-order autoregressive series around 1: neighbours are alike, as the response times of a queue are. */
function series(random: () => number, settings: { likeness: number; noise: number; drift?: number; startUp?: number }) {
  const { likeness, noise, drift = 0, startUp = 0 } = settings;
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let state = normal();
  return Array.from({ length: BATCHES }, (_, i) => {
    state = likeness * state + Math.sqrt(1 - likeness * likeness) * normal();
    return (1 + drift * (i / BATCHES - 0.5) + startUp * Math.exp(-i / 20)) * Math.max(0.05, 1 + noise * state);
  });
}

function shareCalled(outcome: string, settings: Parameters<typeof series>[1], judged = 1): number {
  let called = 0;
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(1_000 + run);
    const values = series(random, settings);
    if (steadinessOf(values, values, random, judged).outcome === outcome) called++;
  }
  return called / RUNS;
}

describe('steadinessOf', () => {
  it.each([
    { likeness: 0, noise: 0.1 },
    { likeness: 0.5, noise: 0.1 },
    { likeness: 0.8, noise: 0.1 },
    { likeness: 0.5, noise: 0.25 },
    { likeness: 0.9, noise: 0.15 },
  ])('calls at most 10 % of stationary phases unsteady: %j', (settings) => {
    expect(shareCalled('unsteady', settings)).toBeLessThanOrEqual(0.1);
  });

  it.each([
    { likeness: 0, noise: 0.1 },
    { likeness: 0.5, noise: 0.1 },
    { likeness: 0.8, noise: 0.05 },
    { likeness: 0.3, noise: 0.15 },
  ])('misses at most 10 % of drifts of 20 %: %j', (settings) => {
    expect(shareCalled('unsteady', { ...settings, drift: 0.2 })).toBeGreaterThanOrEqual(0.9);
    expect(shareCalled('unsteady', { ...settings, drift: -0.2 })).toBeGreaterThanOrEqual(0.9);
  });

  it.each([3, 5])('calls at most 10 %% of stationary runs of %d phases unsteady', (judged) => {
    const perPhase = shareCalled('unsteady', { likeness: 0.8, noise: 0.15 }, judged);
    expect(1 - (1 - perPhase) ** judged).toBeLessThanOrEqual(0.1);
  });

  it.each([3, 5])('misses at most 10 %% of drifts of 20 %% in one of %d phases', (judged) => {
    expect(shareCalled('unsteady', { likeness: 0.5, noise: 0.1, drift: 0.2 }, judged)).toBeGreaterThanOrEqual(0.9);
  });

  it('does not call a phase steady whose second half is another', () => {
    const values = Array.from({ length: 200 }, (_, i) => (i < 120 ? 1 : 2) + (i % 2) * 0.01);
    expect(steadinessOf(values, values, seededRandom(1)).outcome).not.toBe('steady');
  });

  it('does not pretend to know: few requests, or noise that hides a drift', () => {
    expect(steadinessOf([1, 2, 3], [1, 2, 3], seededRandom(1))).toMatchObject({ outcome: 'undecided', batches: 3 });
    expect(shareCalled('steady', { likeness: 0.95, noise: 0.6 })).toBeLessThan(0.3);
  });
});

describe('mserCut', () => {
  it('cuts a start-up off, and nothing off what has none', () => {
    const flat = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : 1.01));
    expect(mserCut(flat)).toBeLessThanOrEqual(2);
    expect(mserCut([...Array.from({ length: 10 }, () => 9), ...flat])).toBe(10);
  });

  it('equals the definition', () => {
    const random = seededRandom(5);
    const values = Array.from({ length: 120 }, (_, i) => random() + (i < 17 ? 2 : 0));
    const errors = Array.from({ length: 61 }, (_, cut) => {
      const rest = values.slice(cut);
      const mean = rest.reduce((a, b) => a + b) / rest.length;
      return rest.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rest.length ** 2;
    });
    expect(mserCut(values)).toBe(errors.indexOf(Math.min(...errors)));
  });
});

describe('driftOf', () => {
  it('is the change over the whole as a share of the mean', () => {
    const line = Array.from({ length: 120 }, (_, i) => 100 + (i - 59.5) * (20 / 120));
    const drift = driftOf(line, seededRandom(1));
    expect(drift?.value).toBeCloseTo(0.2, 9);
    expect(drift?.lower).toBeCloseTo(0.2, 6);
    expect(driftOf([1, 2], seededRandom(1))).toBeNull();
    expect(
      driftOf(
        Array.from({ length: 120 }, () => 0),
        seededRandom(1),
      ),
    ).toBeNull();
  });
});
