import { describe, expect, it } from 'vitest';
import type { EngineLimits } from '../../src/serving/index.js';
import {
  poissonTraffic,
  runToCompletion,
  runToCompletionCapacity,
  simulateTraffic,
  type TrafficOutcome,
} from '../../src/simulation/index.js';

const CURVE = { perRunUs: 60, perRowUs: 46 };
const LIMITS: EngineLimits = {
  maxBatchRows: 32,
  maxQueueDelayUs: 0,
  maxQueueLength: 2048,
  maxStepsInFlight: 1_000_000,
  maxBytesInFlight: 1_000_000,
  adaptiveConcurrency: false,
  fairShare: true,
  maxActive: Number.POSITIVE_INFINITY,
};

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!;
}

describe('first come, first served, with early replies', () => {
  it('keeps the worker until the longest is done: 1 and 3 steps, then one that came meanwhile', () => {
    const arrivals = [
      { atUs: 0, horizon: 1 },
      { atUs: 0, horizon: 3 },
      { atUs: 10, horizon: 1 },
    ];
    // 60 + 2·46 = 152, then twice 60 + 46 = 106: at 152 and 364; then 106 more.
    expect(runToCompletion(arrivals, CURVE, 2)).toEqual({ responsesUs: [152, 364, 460], endUs: 470 });
    expect(runToCompletionCapacity([1, 1, 1], CURVE, 2)).toBeCloseTo(3e6 / 258, 6);
  });
});

/** 90 % of 1 step, 10 % of 120. */
const MIX = [
  { share: 0.9, horizon: 1 },
  { share: 0.1, horizon: 120 },
];

describe('mixed horizons at 60 % of what first come, first served can do', () => {
  it('cost the short ones neither the steps of the long ones nor much beside them', async () => {
    const horizons = poissonTraffic({ perSecond: 1e6, untilUs: 20_000, mix: MIX, seed: 1 }).map((one) => one.horizon);
    const perSecond = 0.6 * runToCompletionCapacity(horizons, CURVE, 32);
    const arrivals = poissonTraffic({ perSecond, untilUs: 20e6, mix: MIX, seed: 2 });
    const options = { curve: CURVE, workers: 1, limits: LIMITS, requestTimeoutMs: 30_000 };
    const mixed = await simulateTraffic({ ...options, arrivals });
    const shortOnly = await simulateTraffic({
      ...options,
      arrivals: poissonTraffic({ perSecond: perSecond * 12.9, untilUs: 5e6, mix: [{ share: 1, horizon: 1 }], seed: 3 }),
    });
    const ofShort = (outcomes: TrafficOutcome[]): number =>
      p95(outcomes.filter(({ horizon }) => horizon === 1).map(({ responseUs }) => responseUs));
    const { responsesUs } = runToCompletion(arrivals, CURVE, 32);
    const firstCome = p95(responsesUs.filter((_, i) => arrivals[i]!.horizon === 1));
    expect(mixed.every(({ code }) => code === null)).toBe(true);
    expect(ofShort(mixed) / firstCome).toBeLessThan(0.05);
    expect(ofShort(mixed) / ofShort(shortOnly)).toBeLessThan(1.5);
  });
});

describe('three times as much as can be done, with deadlines of one second', () => {
  it.each([1])(
    'horizon %d: as much is answered in time as ever, and next to nothing begun in vain',
    async (horizon) => {
      // Full batches: 32 rows in 60 + 32·46 µs.
      const peak = 32e6 / (60 + 32 * 46) / horizon;
      const untilUs = horizon === 1 ? 2e6 : 10e6;
      const arrivals = poissonTraffic({ perSecond: 3 * peak, untilUs, mix: [{ share: 1, horizon }], seed: 4 });
      const outcomes = await simulateTraffic({
        arrivals,
        curve: CURVE,
        workers: 1,
        limits: LIMITS,
        requestTimeoutMs: 1000,
      });
      const answered = outcomes.filter(({ code }) => code === null);
      expect(answered.length / (peak * (untilUs / 1e6))).toBeGreaterThan(0.9);
      expect(outcomes.filter(({ code }) => code === 'FLTS_DEADLINE').length / outcomes.length).toBeLessThan(0.001);
      expect(Math.max(...answered.map(({ responseUs }) => responseUs))).toBeLessThanOrEqual(1e6);
    },
  );
});
