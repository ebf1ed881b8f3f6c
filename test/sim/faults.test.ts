import { describe, expect, it } from 'vitest';
import { drawFaultPlan, runFaultPlan } from '../../src/simulation/index.js';

/** `npm run bench -- simulation` runs a hundred times as many, or from any seed on. */
const SEEDS = 1000;

/** How a request may end here; each of them is met. */
const OUTCOMES = [
  'FLTS_BYTES_FULL',
  'FLTS_CLIENT_GONE',
  'FLTS_DEADLINE',
  'FLTS_DRAINING',
  'FLTS_INTERNAL',
  'FLTS_LIMIT_REACHED',
  'FLTS_NON_FINITE_OUTPUT',
  'FLTS_OVER_SHARE',
  'FLTS_PREDICTED_LATE',
  'FLTS_QUEUE_FULL',
  'FLTS_STEPS_FULL',
  'FLTS_WORKER_FAILED',
  'answered',
];

describe('load and faults on virtual time', () => {
  it(`keep every invariant over ${SEEDS} seeds, and end requests in every way`, async () => {
    const broken: string[] = [];
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await runFaultPlan(drawFaultPlan(seed));
      if (result.broken !== null) broken.push(`seed ${seed}: ${result.broken}`);
      for (const outcome of Object.keys(result.outcomes)) outcomes.add(outcome);
    }
    expect(broken).toEqual([]);
    expect([...outcomes].sort()).toEqual(OUTCOMES);
  }, 60_000);

  it('go the same way each time', async () => {
    const plan = drawFaultPlan(20);
    const first = await runFaultPlan(plan);
    expect(first.sent).toBeGreaterThan(0);
    expect(await runFaultPlan(plan)).toEqual(first);
  });

  it('without faults and with room for all, everyone is answered, through changes of version, too', async () => {
    const plan = drawFaultPlan(3);
    const calm = {
      slow: 0,
      lost: 0,
      failed: 0,
      notFinite: 0,
      gone: 0,
      leaps: 0,
      drainAt: 1,
      gapUs: 20_000,
      cache: false,
    };
    const limits = { ...plan.limits, maxQueueLength: 500, maxStepsInFlight: 100_000, maxBytesInFlight: 100_000 };
    const result = await runFaultPlan({ ...plan, ...calm, limits, requestTimeoutMs: 60_000, longest: 5, swaps: 3 });
    expect(result).toMatchObject({ broken: null, outcomes: { answered: plan.requests }, sent: plan.requests });
  });
});
