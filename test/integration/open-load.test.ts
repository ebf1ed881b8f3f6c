import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/contract/index.js';
import { type LoadTestOptions, runLoadTest } from '../../src/loadtest/index.js';
import { type PredictServer, type PredictServerOptions, startPredictServer } from '../support/predict-server.js';

/** Generator processes start from real built files. */
const GENERATOR = new URL('../../dist/loadtest/generator/generator-process.js', import.meta.url);

let folder: string;
let server: PredictServer | null = null;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'flts-open-')), 'run');
});
afterEach(async () => {
  await server?.close();
  server = null;
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

async function load(serverOptions: PredictServerOptions, scenario: Scenario, options: Partial<LoadTestOptions> = {}) {
  server = await startPredictServer(serverOptions);
  return runLoadTest({
    target: server.url,
    outDir: folder,
    version: 'test',
    generatorUrl: GENERATOR,
    nullUrl: '/nowhere',
    scenario,
    ...options,
  });
}

describe('open arrivals', () => {
  it('send what was due, whatever the answers do', async () => {
    const { run } = await load(
      { delayMs: () => 300 },
      {
        generators: 2,
        phases: [
          { name: 'even', rate: 100, duration_s: 2 },
          { name: 'ramp', kind: 'ramp', from_rate: 20, rate: 80, duration_s: 2 },
          { name: 'random', arrivals: 'poisson', rate: 60, duration_s: 2, kind: 'custom' },
        ],
      },
    );
    const [even, ramp, random] = run.phases;
    expect(even).toMatchObject({
      rate: 100,
      arrivals: 'constant',
      requests: 200,
      failed: 0,
      open: { due: 200, started: 200, dropped: 0, achieved_share: 1 },
      littles_law: { holds: true },
    });
    // 100/s × 0.3 s are under way at once: far more than closed users would have dared.
    expect(even?.littles_law?.measured).toBeGreaterThan(20);
    expect(ramp).toMatchObject({ from_rate: 20, rate: 80, requests: 100 });
    expect(random?.requests).toBeGreaterThan(80);
    expect(random?.requests).toBeLessThan(160);
    expect(run.validity?.reasons).toEqual([]);
  });

  it('wait for a connection when all are busy: a wait of the target, not a lag of the generator', async () => {
    const { run } = await load(
      { delayMs: () => 200 },
      { generators: 1, phases: [{ name: 'p', kind: 'custom', rate: 40, duration_s: 1, max_in_flight: 2 }] },
    );
    const [phase] = run.phases;
    expect(phase).toMatchObject({ requests: 40, failed: 0, open: { due: 40, started: 40, dropped: 0 } });
    // Two connections carry 10 requests a second: the last of 40 waits for nearly three.
    expect(phase?.max_ms).toBeGreaterThan(2_500);
    expect(phase?.connection_wait_ms_mean).toBeGreaterThan(1_000);
    expect(phase?.connections_opened).toBe(2);
    expect(phase?.percentiles?.['p95']?.supported).toBe(true);
  });

  it('of a multiple of the capacity take what was given, or what a phase before reached', async () => {
    const scenario: Scenario = {
      phases: [
        { name: 'closed', users: 2, duration_s: 1 },
        { name: 'over', kind: 'custom', of_capacity: 3, duration_s: 1 },
      ],
    };
    const { run } = await load({ delayMs: () => 50 }, scenario);
    expect(run.phases[1]?.rate).toBeCloseTo(3 * (run.phases[0]?.throughput_per_s ?? 0), 6);
    await server?.close();
    const given = await load({ delayMs: () => 50 }, scenario, { capacityPerS: 20 });
    expect(given.run.phases[1]).toMatchObject({ rate: 60, open: { due: 60 } });
  });
});

describe('ramps and spikes of users', () => {
  it('bring users and take them away again', async () => {
    const { run } = await load(
      { delayMs: () => 20 },
      {
        phases: [
          { name: 'ramp', kind: 'ramp', from_users: 2, users: 6, step_users: 2, duration_s: 1.5 },
          { name: 'spike', kind: 'spike', from_users: 2, users: 8, duration_s: 3 },
        ],
      },
    );
    const [ramp, spike] = run.phases;
    expect(ramp).toMatchObject({ users: 6, from_users: 2, failed: 0 });
    expect(spike).toMatchObject({ users: 8, from_users: 2, failed: 0 });
    // A delay that does not depend on the load: nothing to recover from.
    expect(spike?.recovery?.before_ms).toBeGreaterThan(15);
    expect(run.validity?.reasons).toEqual([]);
  });
});

describe('a search for the capacity', () => {
  it('finds the rate up to which the requirement is kept', async () => {
    // One after another, 10 ms each: beyond 100/s requests queue.
    let freeAt = 0;
    const { run } = await load(
      {
        delayMs: () => {
          const now = performance.now();
          freeAt = Math.max(freeAt, now) + 10;
          return freeAt - now;
        },
      },
      {
        phases: [{ name: '1', users: 1, duration_s: 1 }],
        search: { require: 'p95<100ms', step_s: 2, confirm_s: 2, precision: 0.4, rate_max: 400 },
      },
    );
    expect(run.capacity?.rate_per_s).toBeGreaterThan(10);
    expect(run.capacity?.rate_per_s).toBeLessThan(140);
    expect(run.capacity?.steps.some(({ outcome }) => outcome !== 'kept')).toBe(true);
    // Steps that were meant to break do not make the run invalid or failed.
    expect(run.verdict).toBe('PASSED');
  });
});

describe('abort rules', () => {
  it('end the run and keep what was measured', async () => {
    const { run } = await load(
      {
        misbehave: (n, response) => {
          if (n < 50) return false;
          response.writeHead(500).end('{}');
          return true;
        },
        delayMs: () => 5,
      },
      {
        phases: [
          { name: 'a', users: 2, duration_s: 600 },
          { name: 'b', users: 2, duration_s: 600 },
        ],
        abort: ['success<50%'],
      },
    );
    expect(run.aborted).toMatchObject({ rule: 'success<50%', phase: 'a' });
    expect(run.phases).toHaveLength(1);
    expect(run.phases[0]?.succeeded).toBeGreaterThanOrEqual(40);
    expect(run.verdict).toBe('FAILED');
  });
});

describe('what it refuses', () => {
  it('a share of a capacity that nobody measured', async () => {
    await expect(load({}, { phases: [{ name: 'soak', of_capacity: 0.6, duration_s: 1 }] })).rejects.toMatchObject({
      code: 'FLTS_USAGE',
      message: expect.stringContaining('--capacity') as string,
    });
  });
});
