import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../arrivals/index.js';
import {
  fitCapacity,
  gpuSpeed,
  type MeasuredSystem,
  planReplicas,
  type PlanTarget,
  scalingPaths,
  type UslModel,
  uslThroughput,
} from './index.js';

const LINEAR: UslModel = { lambda: 100, sigma: 1, kappa: 0 };

/** p95 is twice the mean; without noise the intervals are points. */
function system(law: UslModel, replicas = 1, knee: MeasuredSystem['knee'] = null): MeasuredSystem {
  const levels = [1, 2, 4, 8, 16, 32, 64].map((users) => {
    const throughputPerS = uslThroughput(law, users);
    return { users, throughputPerS, meanMs: (users / throughputPerS) * 1000, p95Ms: (users / throughputPerS) * 2000 };
  });
  const { model, refusal } = fitCapacity(levels, 0, seededRandom(1));
  if (model === null) throw new Error(refusal);
  return { model, replicas, knee };
}

const target = (more: Partial<PlanTarget>): PlanTarget => ({
  users: null,
  ratePerS: null,
  p95Ms: 1000,
  headroom: 0,
  ...more,
});

describe('planReplicas', () => {
  it('gives each replica as many users as keep p95', () => {
    // σ = 1: X is 100/s whatever the load, so N users wait N·10 ms on average and 2·N·10 ms at p95: 50 keep 1 s.
    const { plan } = planReplicas(system(LINEAR), target({ users: 100 }));
    expect(plan!.perReplica.users).toBeCloseTo(50, 2);
    expect(plan!.perReplica.limitedBy).toBe('p95');
    expect(plan!.replicas).toBe(3); // the search stops a hair short of 50
    expect(plan!.p95Ms.value).toBeCloseTo(2000 / 3, 0);
    expect(plan!.throughputPerS.value).toBeCloseTo(300, 1);
  });

  it('counts the replicas that shared the measured load', () => {
    const { plan } = planReplicas(system(LINEAR, 2), target({ users: 100 }));
    expect(plan!.perReplica.users).toBeLessThan(25.1);
    expect(plan!.replicas).toBe(5);
  });

  it('leaves headroom for open arrivals, and prefers a measured rate', () => {
    expect(planReplicas(system(LINEAR), target({ ratePerS: 700, headroom: 0.3 })).plan).toMatchObject({
      replicas: 10,
      rateFrom: 'model',
    });
    const searched = system(LINEAR, 1, { ratePerS: 80, p95Ms: 500 });
    expect(planReplicas(searched, target({ ratePerS: 800 })).plan).toMatchObject({ replicas: 10, rateFrom: 'search' });
    // A rate that was searched under a looser p95 says nothing of this one.
    expect(planReplicas(searched, target({ ratePerS: 800, p95Ms: 400 })).plan!.rateFrom).toBe('model');
  });

  it('never plans beyond the peak, nor beyond twice the users measured', () => {
    const peaked = planReplicas(system({ lambda: 100, sigma: 0.1, kappa: 0.001 }), target({ users: 90, p95Ms: 1e6 }));
    expect(peaked.plan!.perReplica.limitedBy).toBe('peak');
    // The peak is at 30; √-shaped as it is, throughput has lost 5 % at about 58.
    expect(uslThroughput({ lambda: 100, sigma: 0.1, kappa: 0.001 }, peaked.plan!.perReplica.users)).toBeCloseTo(
      0.95 * uslThroughput({ lambda: 100, sigma: 0.1, kappa: 0.001 }, 30),
      1,
    );
    const far = planReplicas(system(LINEAR), target({ users: 1280, p95Ms: 1e6 }));
    expect(far.plan!.perReplica).toMatchObject({ users: 128, limitedBy: 'reach' });
    expect(far.plan!.replicas).toBe(10);
  });

  it('refuses what replicas cannot mend, and what is no plan', () => {
    expect(planReplicas(system(LINEAR), target({ users: 10, p95Ms: 19 })).refusal).toMatch(/One user alone waits/);
    expect(planReplicas(system(LINEAR), target({ users: 1e9 })).refusal).toMatch(/more than 10000/);
    const { model } = system(LINEAR);
    const blind = { ...system(LINEAR), model: { ...model, p95Error: null } };
    expect(planReplicas(blind, target({ users: 10 })).refusal).toMatch(/p95 was not measured/);
  });

  it('always predicts a p95 within the limit for what it plans', () => {
    fc.assert(
      fc.property(
        fc.record({
          lambda: fc.double({ min: 5, max: 500, noNaN: true }),
          sigma: fc.double({ min: 0, max: 0.9, noNaN: true }),
          kappa: fc.double({ min: 0, max: 0.005, noNaN: true }),
        }),
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 5, max: 5000, noNaN: true }),
        (law, users, p95Ms) => {
          const { plan, refusal } = planReplicas(system(law), target({ users, p95Ms }));
          if (plan === null) expect(refusal).toMatch(/One user alone|more than 10000/);
          else {
            expect(plan.p95Ms.upper).toBeLessThanOrEqual(p95Ms * 1.000001);
            expect(plan.replicasIfExact).toBeLessThanOrEqual(plan.replicas);
          }
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});

describe('scalingPaths', () => {
  const assumed = {
    speedupPerCpuDoubling: { value: 1.65, lower: 1.5, upper: 1.8 },
    gpuModelSpeedup: { value: 14, lower: 10, upper: 20 },
    gpuPrice: 3,
    modelShare: 0.9,
  };

  it('speeds up only the share that the model has', () => {
    expect(gpuSpeed(0.5, { value: 10, lower: 10, upper: 1e9 })).toMatchObject({
      value: 1 / 0.55,
      upper: 1 / (0.5 + 5e-10),
    });
  });

  it('says what each way takes and costs', () => {
    // 2 replicas, 100 users, 1 s: 25 users a replica keep it as measured.
    const paths = scalingPaths(system(LINEAR, 2), target({ users: 100 }), assumed);
    expect(paths.map(({ name, replicas, cpuFactor, isEnough }) => [name, replicas, cpuFactor, isEnough])).toEqual([
      ['today', 2, 1, false],
      ['horizontal', 5, 1, true],
      ['vertical', 2, 4, true], // 1.5² = 2.25 at the cautious end
      ['both', 3, 2, true],
      ['gpu', 2, 1, true], // 5.26 times as fast, but 64 users a replica are the end of the reach
    ]);
    expect(paths.map(({ cost }) => cost)).toEqual([1, 2.5, 4, 3, 3]);
    expect(paths.map(({ rests }) => rests)).toEqual(['measured', 'measured', 'cpu', 'cpu', 'gpu']);
    expect(paths[0]!.refusal).toBe('does not keep the target');
  });

  it('takes a faster replica past its peak while p95 holds', () => {
    // X(100) = 10,000 / 20.8 = 481/s, past the peak of 30 users: 208 ms on average, 416 ms at p95.
    const peaked = system({ lambda: 100, sigma: 0.1, kappa: 0.001 });
    const paths = scalingPaths(peaked, target({ users: 100, p95Ms: 200 }), assumed);
    const vertical = paths.find(({ name }) => name === 'vertical')!;
    expect(vertical).toMatchObject({ cpuFactor: 4, isEnough: true });
    const easy = scalingPaths(peaked, target({ users: 100, p95Ms: 500 }), assumed);
    expect(easy[0]).toMatchObject({ name: 'today', isEnough: true, refusal: null });
    const rate = scalingPaths(peaked, target({ ratePerS: 500, p95Ms: 1e4, headroom: 0.3 }), assumed);
    expect(rate[0]).toMatchObject({ name: 'today', isEnough: false });
  });

  it('says so where a way does not lead there', () => {
    const paths = scalingPaths(system(LINEAR), target({ users: 10_000 }), { ...assumed, modelShare: null });
    expect(paths.map(({ name }) => name)).not.toContain('gpu');
    expect(paths.find(({ name }) => name === 'vertical')).toMatchObject({
      cpuFactor: 8,
      isEnough: false,
      refusal: 'beyond twice the users that were measured',
    });
  });
});
