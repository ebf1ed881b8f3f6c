import { describe, expect, it } from 'vitest';
import type { Run, RunPhase, ServerSample } from '../../contract/index.js';
import type { RunBundle } from '../run-bundle.js';
import { pathsSection } from '../sections/capacity/paths.js';
import {
  buildPlan,
  emitFile,
  emittedKind,
  fitFacts,
  pathRows,
  type Plan,
  PLAN_DEFAULTS,
  planFacts,
  type PlanRequest,
  renderPlanJson,
  targetText,
} from './index.js';

const USERS = [1, 2, 4, 8, 16, 32, 64];

/** 100/s whatever the load: N users wait N·10 ms on average and N·20 ms at p95. */
function phaseOf(users: number, change: Partial<RunPhase> = {}): RunPhase {
  return {
    name: String(users),
    users,
    requests: 1500,
    failed: 0,
    success_rate: 1,
    throughput_per_s: 100,
    mean_ms: users * 10,
    p95_ms: users * 20,
    server_timing_ms_mean: { exec: users === 1 ? 9 : 5, queue: users },
    replicas: { pod: 1500 },
    ...change,
  };
}

function bundleOf(run: Partial<Run> = {}, server: ServerSample[] = []): RunBundle {
  return {
    run: { schema_version: 1, phases: USERS.map((users) => phaseOf(users)), ...run },
    distributions: new Map(),
    timeline: [],
    attribution: new Map(),
    modelRuns: null,
    server,
    gaps: [],
  };
}

function planOf(bundle: RunBundle, request: Partial<PlanRequest> = {}): Plan {
  return buildPlan(bundle, {
    users: 100,
    ratePerS: null,
    p95Ms: 1000,
    success: null,
    replicas: null,
    ...PLAN_DEFAULTS,
    ...request,
  });
}

/** A second of a replica that has used `cpuS` for `completed` requests. */
function second(atS: number, cpuS: number, completed: number, rssMib: number, replica = 'pod'): ServerSample {
  return {
    at_us: atS * 1e6,
    phase: '8',
    ready: true,
    stats: {
      completed,
      replica_id: replica,
      process: { cpu_user_s: cpuS, cpu_system_s: 0, rss_bytes: rssMib * 1024 * 1024 },
    },
  };
}

describe('buildPlan', () => {
  it('says what a target takes, with what each number rests on', () => {
    const server = [second(1, 10, 0, 200), second(2, 10.5, 100, 300), second(3, 90, 5000, 100, 'other')];
    const target = { url: 'http://x', server: { workers: 2, processes: 1, limit: 16, cgroup: { cpu_limit_cores: 2 } } };
    const plan = planOf(bundleOf({ target }, server));
    expect(plan.refusal).toBeNull();
    expect(plan.facts).toEqual({
      replicas: 1,
      workers: 2,
      processes: 1,
      concurrencyLimit: 16,
      cpuLimitCores: 2,
      cpuSPerRequest: 0.005, // looks at another replica are not mixed in
      memoryPeakBytes: 300 * 1024 * 1024,
      modelShare: 0.9,
    });
    expect(plan.plan!.replicas).toBe(3);
    // 100/s × 5 ms = 0.5 cores, 70 % of 715m, in steps of 50m.
    expect(plan.sizes!.cpuRequestMilli!.value).toBe(750);
    expect(plan.sizes!.cpuLimitMilli!.value).toBe(2000);
    expect([plan.sizes!.memoryRequestMib!.value, plan.sizes!.memoryLimitMib!.value]).toEqual([384, 512]);
    expect(plan.sizes!.queueWaitMsP95.value).toBe(250);
    expect(planFacts(plan).map(([label]) => label)).toEqual(['replicas', 'each', 'predicted', 'pod']);
    expect(targetText(plan)).toBe('100 users, p95 ≤ 1,000 ms');
    expect(pathRows(plan.paths).map((row) => row[0])).toEqual([
      'as measured',
      'more replicas',
      'larger replicas',
      'more and larger',
      'GPU',
    ]);
  });

  it('takes twice the p95 of one user where none is asked for, and the replicas that it is told of', () => {
    const plan = planOf(bundleOf(), { p95Ms: null, replicas: 2 });
    expect(plan.target.p95Ms).toBe(40);
    expect(plan.facts.replicas).toBe(2);
    expect(targetText(plan)).toMatch(/twice that of one user/);
    expect(plan.assumptions.join(' ')).toMatch(/CPU per request was not measured.*Memory was not measured/);
    expect(plan.sizes!.cpuRequestMilli).toBeNull();
  });

  it('uses the rate that a search confirmed under such a p95', () => {
    const capacity = { broken_per_s: null, confirmed: true, note: '', steps: [], rate_per_s: 70 };
    const request = { users: null, ratePerS: 500, headroom: 0 };
    const searched = planOf(bundleOf({ capacity: { ...capacity, requirement: 'p95<=500ms' } }), request);
    expect([searched.plan!.rateFrom, searched.plan!.replicas]).toEqual(['search', 8]);
    const other = planOf(bundleOf({ capacity: { ...capacity, requirement: 'p99<=500ms' } }), request);
    expect(other.plan!.rateFrom).toBe('model');
    const shaky = { ...capacity, requirement: 'p95<=500ms', confirmed: false };
    expect(planOf(bundleOf({ capacity: shaky }), request).plan!.rateFrom).toBe('model');
  });

  it.each([
    ['few levels', { phases: [1, 10, 50].map((n) => phaseOf(n)) }, /3 different numbers of users/],
    ['no closed level', { phases: [{ name: 'open', rate: 100 }] }, /0 different numbers/],
    ['zero throughput', { phases: USERS.map((n) => phaseOf(n, { throughput_per_s: 0 })) }, /not one request/],
    ['missing figures', { phases: USERS.map((users) => ({ name: String(users), users })) }, /not one request/],
    ['an invalid run', { validity: { valid: false, reasons: [], warnings: [] } }, /INVALID/],
    ['too few answers', { phases: USERS.map((n) => phaseOf(n, { requests: 20 })) }, /p95 was not measured at every/],
    ['different pauses', { phases: USERS.map((n) => phaseOf(n, { think_s: n })) }, /think for different times/],
  ] satisfies [string, Partial<Run>, RegExp][])('refuses %s in a sentence', (_, run, refusal) => {
    const plan = planOf(bundleOf(run));
    expect(plan.plan).toBeNull();
    expect(plan.sizes).toBeNull();
    expect(plan.refusal).toMatch(refusal);
    expect(fitFacts(plan.fit).length).toBeGreaterThan(0);
    expect(() => renderPlanJson(plan)).not.toThrow();
  });

  it('knows what success the run proves', () => {
    expect(planOf(bundleOf(), { success: 0.999 }).refusal).toBeNull();
    expect(planOf(bundleOf(), { success: 0.9999 }).assumptions.join(' ')).toMatch(
      /0 failures in 10500 .* only, not 99\.99 %/,
    );
    const failing = bundleOf({ phases: USERS.map((n) => phaseOf(n, { failed: 150, success_rate: 0.9 })) });
    expect(planOf(failing, { success: 0.99 }).refusal).toMatch(/90 % of the requests succeeded, less than 99 %/);
  });

  it('refuses more users than any plan carries', () => {
    expect(planOf(bundleOf(), { users: 1e9 }).refusal).toMatch(/more than 10000/);
  });
});

describe('pathsSection', () => {
  const requirement = { expression: 'p95@32<500ms', figure: 'p95', phase: '32', op: '<', limit: 500, note: null };

  it('shows the ways to a p95 that was missed, and nothing where none was', () => {
    const missed = { ...requirement, actual: 640, outcome: 'not_met' as const };
    const text = JSON.stringify(pathsSection(bundleOf({ requirements: [missed] })));
    expect(text).toMatch(/Ways to 32 users, p95 ≤ 500 ms.*more replicas","2"/);
    expect(pathsSection(bundleOf({ requirements: [{ ...missed, outcome: 'met' }] }))).toBeNull();
    expect(pathsSection(bundleOf())).toBeNull();
  });

  it('says why there are none', () => {
    const missed = { ...requirement, actual: 640, outcome: 'not_met' as const };
    const few = bundleOf({ requirements: [missed], phases: [phaseOf(1), phaseOf(32)] });
    expect(JSON.stringify(pathsSection(few))).toMatch(/2 different numbers of users were measured/);
  });
});

describe('emitFile', () => {
  const plan = planOf(bundleOf({}, [second(1, 10, 0, 200), second(2, 10.5, 100, 300)]));

  it('knows files by their ends', () => {
    expect(
      ['values.yaml', 'a/prod-values.yaml', 'hpa.yaml', 'keda.yaml', 'x.env', '.env'].map(emittedKind),
    ).not.toContain(null);
    expect(emittedKind('other.yaml')).toBeNull();
  });

  it('says above every number what it came from', () => {
    for (const kind of ['values.yaml', 'hpa.yaml', 'keda.yaml', '.env'] as const) {
      const lines = emitFile(kind, plan, plan.sizes!, 'a\nrun').trimEnd().split('\n');
      for (const [i, line] of lines.entries()) {
        if (/[:=]\s*"?\d/.test(line) && !line.trimStart().startsWith('#'))
          expect(lines[i - 1], line).toMatch(/^\s*# \S/);
        expect(line).toMatch(/^\s*(#|[A-Za-z0-9_]+[:=])/);
      }
    }
  });

  it('turns the other scaler off', () => {
    expect(emitFile('hpa.yaml', plan, plan.sizes!, 'run')).toMatch(/ {2}keda:\n {4}enabled: false/);
    expect(emitFile('keda.yaml', plan, plan.sizes!, 'run')).toMatch(/ {2}hpa:\n {4}enabled: false/);
  });

  it('writes JSON without the resamples', () => {
    const value = JSON.parse(renderPlanJson(plan)) as { plan: unknown; fit: { model: Record<string, unknown> } };
    expect(value.plan).toMatchObject({ replicas: 3, per_replica: { limited_by: 'p95' } });
    expect(value.fit.model['resamples']).toBeUndefined();
  });
});
