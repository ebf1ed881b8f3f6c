import { describe, expect, it } from 'vitest';
import { DrainRate } from './drain-rate.js';

describe('the rate at which a queue is worked off', () => {
  it('knows nothing at first, and nobody waits behind nobody', () => {
    const rate = new DrainRate();
    expect(rate.waitUs(1000)).toBe(0);
    rate.note(1000, 10);
    expect(rate.waitUs(0)).toBe(0);
  });

  it('a queue as long as always waits in proportion to its length', () => {
    const rate = new DrainRate();
    for (let i = 0; i < 100; i++) rate.note(2000, 40);
    expect(rate.waitUs(40)).toBeCloseTo(2000);
    expect(rate.waitUs(4000)).toBeCloseTo(200_000);
  });

  it('follows a change within a few seconds', () => {
    const rate = new DrainRate();
    for (let i = 0; i < 500; i++) rate.note(2000, 40);
    for (let i = 0; i < 400; i++) rate.note(10_000, 40);
    expect(rate.waitUs(40)).toBeGreaterThan(7500);
    expect(rate.waitUs(40)).toBeLessThanOrEqual(10_000);
  });

  it('a pause is in the mean, and does not stand for it', () => {
    const rate = new DrainRate();
    for (let i = 0; i < 1000; i++) rate.note(2000, 40);
    rate.note(100_000, 1);
    expect(rate.waitUs(40)).toBeGreaterThan(2050);
    expect(rate.waitUs(40)).toBeLessThan(2200);
  });
});
