import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KneeDecision, type KneeSettings, type KneeStep, nextKneeStep } from './index.js';

const settings: KneeSettings = { startPerS: 100, maxPerS: 10_000, precision: 0.05 };

/** Runs the search against a service that keeps its requirement up to `knee`, and a generator that reaches `reach`. */
function search(knee: number, reach = Infinity, confirmKnee = knee): { steps: KneeStep[]; end: KneeDecision } {
  const steps: KneeStep[] = [];
  for (let i = 0; i < 100; i++) {
    const decision = nextKneeStep(steps, settings);
    if (decision.next === 'done') return { steps, end: decision };
    const { ratePerS, confirming } = decision;
    const limit = confirming ? confirmKnee : knee;
    steps.push({ ratePerS, confirming, outcome: ratePerS > reach ? 'invalid' : ratePerS <= limit ? 'kept' : 'broken' });
  }
  throw new Error('the search never ends');
}

describe('nextKneeStep', () => {
  it('brackets, halves and confirms', () => {
    const { steps, end } = search(300);
    expect(steps.slice(0, 4).map(({ ratePerS, outcome }) => [ratePerS, outcome])).toEqual([
      [100, 'kept'],
      [150, 'kept'],
      [225, 'kept'],
      [337.5, 'broken'],
    ]);
    expect(steps[4]?.ratePerS).toBeCloseTo(Math.sqrt(225 * 337.5), 9);
    expect(steps.at(-1)).toMatchObject({ confirming: true, outcome: 'kept' });
    expect(end).toMatchObject({ next: 'done', confirmed: true });
  });

  it('finds any knee within its precision, in a bounded number of steps', () => {
    fc.assert(
      fc.property(fc.double({ min: 2, max: 9_000, noNaN: true }), (knee) => {
        const { steps, end } = search(knee);
        expect(steps.length).toBeLessThanOrEqual(24);
        if (end.next !== 'done') throw new Error('not done');
        expect(end.confirmed).toBe(true);
        expect(end.keptPerS).toBeLessThanOrEqual(knee);
        expect(end.keptPerS! * 1.05).toBeGreaterThanOrEqual(knee * 0.999);
      }),
    );
  });

  it('gives up below a 64th of where it began', () => {
    expect(search(0.1).end).toMatchObject({ keptPerS: null, confirmed: false, note: 'no rate kept the requirement' });
  });

  it('stops at the highest rate that it may ask for', () => {
    expect(search(1e9).end).toMatchObject({ keptPerS: 10_000, brokenPerS: null, confirmed: true });
  });

  it('measures an invalid step again, and says where the generator gave out', () => {
    const { steps, end } = search(1e9, 200);
    expect(steps.map(({ ratePerS }) => ratePerS).filter((rate) => rate === 225)).toHaveLength(2);
    expect(end).toMatchObject({
      confirmed: true,
      note: expect.stringContaining('the load generator gave out') as string,
    });
  });

  it('does not call confirmed what long steps break', () => {
    const { steps, end } = search(300, Infinity, 50);
    expect(steps.filter(({ confirming }) => confirming).length).toBeGreaterThan(1);
    expect(end).toMatchObject({ next: 'done', confirmed: false });
  });
});
