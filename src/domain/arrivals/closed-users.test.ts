import { describe, expect, it } from 'vitest';
import { type ClosedUsers, firstDueUs, nextDueUs, restUs, seededRandom, userWindow, usersOf } from './index.js';

const plan: ClosedUsers = { users: 4, thinkUs: 1_000, startUs: 10_000, endUs: 20_000, requestsPerUser: 3, levels: [] };

describe('closed users', () => {
  it('start spread over one think time, or at once without one', () => {
    expect([0, 1, 2, 3].map((user) => firstDueUs(plan, user))).toEqual([10_000, 10_250, 10_500, 10_750]);
    expect([0, 3].map((user) => firstDueUs({ ...plan, thinkUs: 0 }, user))).toEqual([10_000, 10_000]);
  });

  it('are due one think time after their answer, whatever the generator did', () => {
    expect(nextDueUs(plan, 0, 1, 12_000, false)).toBe(13_000);
    expect(nextDueUs({ ...plan, thinkUs: 0 }, 0, 1, 12_000, false)).toBe(12_000);
  });

  it('finish by number or by time, whichever comes first', () => {
    expect(nextDueUs(plan, 0, 3, 12_000, false)).toBeNull();
    expect(nextDueUs(plan, 0, 1, 18_999, false)).toBe(19_999);
    expect(nextDueUs(plan, 0, 1, 19_000, false)).toBeNull();
    expect(nextDueUs({ ...plan, requestsPerUser: Infinity }, 0, 1e9, 12_000, false)).toBe(13_000);
  });

  it('rest before they knock at a closed door again', () => {
    expect(restUs(0, true)).toBe(100_000);
    expect(restUs(500_000, true)).toBe(500_000);
    expect(restUs(7, false)).toBe(7);
  });

  it('come and go with the levels of a ramp or a spike', () => {
    const spike: ClosedUsers = {
      ...plan,
      levels: [
        { afterUs: 0, users: 2 },
        { afterUs: 3_000, users: 4 },
        { afterUs: 6_000, users: 2 },
      ],
    };
    expect([0, 1, 2, 3].map((user) => userWindow(spike, user))).toEqual([
      { fromUs: 10_000, toUs: 20_000 },
      { fromUs: 10_000, toUs: 20_000 },
      { fromUs: 13_000, toUs: 16_000 },
      { fromUs: 13_000, toUs: 16_000 },
    ]);
    expect(userWindow(spike, 4)).toBeNull();
    expect(nextDueUs(spike, 2, 1, 14_999, false)).toBe(15_999);
    expect(nextDueUs(spike, 2, 1, 15_000, false)).toBeNull();
    expect(firstDueUs(spike, 3)).toBe(13_750);
  });

  it('are dealt out to generators in turn', () => {
    expect(usersOf(5, 0, 2)).toEqual([0, 2, 4]);
    expect(usersOf(5, 1, 2)).toEqual([1, 3]);
    expect(usersOf(1, 1, 2)).toEqual([]);
  });
});

describe('seededRandom', () => {
  it('repeats itself by seed and stays in [0, 1)', () => {
    const draw = (seed: number): number[] => Array.from({ length: 1_000 }, seededRandom(seed));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    const values = draw(1);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(values.reduce((a, b) => a + b) / values.length).toBeCloseTo(0.5, 1);
  });
});
