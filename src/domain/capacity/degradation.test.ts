import { describe, expect, it } from 'vitest';
import { type DegradationLevel, growthPerDoubling, thresholdsOf, tiersOf } from './index.js';

function level(
  users: number,
  throughputPerS: number,
  p95Ms: number,
  more: Partial<DegradationLevel> = {},
): DegradationLevel {
  return {
    users,
    throughputPerS,
    p95Ms,
    p95MsUpper: p95Ms * 1.05,
    meanMs: p95Ms / 1.5,
    queueWaitMsMean: null,
    loopLagMsP99: null,
    ...more,
  };
}

/** 10, 50 and 100 users against a service that answers 16 to 21 requests a second. */
const SLOW = [level(10, 16.43, 686), level(50, 16.79, 3930), level(100, 21.23, 5463)];

describe('tiersOf', () => {
  it('ends tier 1 at the largest load whose whole p95 interval meets the requirement', () => {
    const tiers = tiersOf(SLOW, 2000)!;
    expect(tiers.isRequired).toBe(true);
    // 16.43 → 16.79 over 2.32 doublings is 0.9 % each: saturated at once.
    expect(growthPerDoubling(SLOW[0]!, SLOW[1]!)).toBeCloseTo(0.00937, 4);
    expect(tiers.ranges.map(({ tier, fromUsers, toUsers }) => [tier, fromUsers, toUsers])).toEqual([
      [1, 10, 10],
      [3, 50, 100],
    ]);
  });

  it('asks for the interval, not the figure', () => {
    const near = [level(1, 10, 90), level(2, 19, 100), level(4, 30, 140)];
    expect(tiersOf(near, 101)!.ranges.map(({ tier, toUsers }) => [tier, toUsers])).toEqual([
      [1, 1],
      [2, 4],
    ]);
    const few = [level(1, 10, 90, { p95MsUpper: null }), level(2, 19, 100)];
    expect(tiersOf(few, 1000)!.ranges[0]!.tier).toBe(2);
  });

  it('takes twice the lowest level where nothing is required', () => {
    const levels = [level(1, 100, 10), level(2, 190, 11), level(4, 300, 14), level(8, 330, 26), level(16, 335, 50)];
    const tiers = tiersOf(levels, null)!;
    expect(tiers.limitMs).toBe(20);
    expect(tiers.ranges.map(({ tier, fromUsers, toUsers }) => [tier, fromUsers, toUsers])).toEqual([
      [1, 1, 4],
      [2, 8, 8],
      [3, 16, 16],
    ]);
  });

  it('says nothing of one level, or without p95', () => {
    expect(tiersOf([level(1, 1, 1)], null)).toBeNull();
    expect(tiersOf([level(1, 1, 1, { p95Ms: null }), level(2, 1, 1)], 5)).toBeNull();
    expect(tiersOf([], 5)).toBeNull();
  });
});

describe('thresholdsOf', () => {
  it('names the first level beyond each limit, in any order of the levels', () => {
    const levels = [
      level(100, 21.23, 5463, { loopLagMsP99: 1707, queueWaitMsMean: 1000, meanMs: 4134 }),
      level(10, 16.43, 686, { loopLagMsP99: 4, queueWaitMsMean: 20, meanMs: 519 }),
      level(50, 16.79, 3930, { loopLagMsP99: 40, queueWaitMsMean: 800, meanMs: 2795 }),
    ];
    expect(thresholdsOf(levels, 5000)).toEqual([
      { kind: 'latency_warning', users: 50, measured: 3930, limit: 1372, beforeUsers: 10, isMeasured: true },
      { kind: 'latency_critical', users: 100, measured: 5463, limit: 5000, beforeUsers: null, isMeasured: true },
      { kind: 'queue_buildup', users: 50, measured: 800 / 2795, limit: 0.25, beforeUsers: null, isMeasured: true },
      { kind: 'loop_saturation', users: 100, measured: 1707, limit: 50, beforeUsers: null, isMeasured: true },
    ]);
  });

  it('tells "not reached" from "not measured"', () => {
    const found = thresholdsOf([level(1, 10, 10), level(2, 19, 12)], null);
    expect(found.map(({ kind, users, isMeasured }) => [kind, users, isMeasured])).toEqual([
      ['latency_warning', null, true],
      ['queue_buildup', null, false],
      ['loop_saturation', null, false],
    ]);
  });
});
