import type { Run, RunPhase, ServerSample } from '../../src/contract/index.js';
import type { RunBundle, TimelinePoint } from '../../src/report/run-bundle.js';

/** Levels of a service that follows X(N) = 400N / (1 + 0.1(N − 1)), whose p95 is 1.8 times its mean. */
const LEVELS = [1, 2, 4, 8, 16, 32, 64];
const LEVEL_S = 20;
const LONG = 'a-name-without-any-place-to-break-that-is-longer-than-the-screen-of-a-phone-is-wide';

const throughput = (users: number): number => (400 * users) / (1 + 0.1 * (users - 1));

function interval(value: number): { value_ms: number; lower_ms: number; upper_ms: number; supported: boolean } {
  return { value_ms: value, lower_ms: value * 0.97, upper_ms: value * 1.03, supported: true };
}

function level(users: number, place: number): RunPhase {
  const perS = throughput(users);
  const mean = (users / perS) * 1000;
  const requests = Math.round(perS * LEVEL_S);
  const failed = users === 64 ? Math.round(requests / 50) : 0;
  const percentiles = { p50: 0.9 * mean, p90: 1.5 * mean, p95: 1.8 * mean, p99: 2.5 * mean };
  return {
    name: String(users),
    kind: 'sustained',
    users,
    think_s: 0,
    start_s: 10 + place * LEVEL_S,
    duration_s: LEVEL_S,
    requests,
    succeeded: requests - failed,
    failed,
    success_rate: 1 - failed / requests,
    throughput_per_s: perS,
    min_ms: mean / 2,
    mean_ms: mean,
    max_ms: 4 * mean,
    p50_ms: percentiles.p50,
    p90_ms: percentiles.p90,
    p95_ms: percentiles.p95,
    p99_ms: percentiles.p99,
    percentiles: Object.fromEntries(Object.entries(percentiles).map(([name, value]) => [name, interval(value)])),
    statuses: failed === 0 ? { '200': requests } : { '200': requests - failed, '503': failed - 5, '0': 5 },
    failures: failed === 0 ? {} : { http_5xx: failed - 5, timeout: 5 },
    failure_examples: failed === 0 ? {} : { http_5xx: `503 {"detail":"${LONG}"}` },
    bytes_out: requests * 4_600,
    bytes_in: requests * 970,
    server_timing_ms_mean: {
      recv: 0.02,
      parse: 0.1,
      queue: 0.4 * mean,
      exec: 0.3 * mean,
      post: 0.2,
      total: 0.9 * mean,
    },
    replicas: { [`replica-${LONG}`]: requests },
    generators: [{ id: 0, users, elu: 0.2, cpu_s: 3, lost: false }],
    steadiness: { outcome: 'undecided', reason: 'too noisy to tell', batches: 200, cut_share: null, drift: null },
  };
}

function timeline(): TimelinePoint[] {
  return Array.from({ length: LEVELS.length * LEVEL_S }, (_, i) => {
    const users = LEVELS[Math.floor(i / LEVEL_S)] ?? 1;
    const perS = throughput(users);
    const failures: Record<string, number> = users === 64 ? { http_5xx: perS / 50, timeout: 1 } : {};
    return {
      atS: 10.5 + i,
      widthS: 1,
      requestsPerS: perS * (1 + 0.02 * Math.sin(i)),
      failed: Object.values(failures).reduce((a, b) => a + b, 0),
      failures,
      p50Ms: (900 * users) / perS,
      p95Ms: (1800 * users) / perS,
      p99Ms: (2500 * users) / perS,
    };
  });
}

function looks(): ServerSample[] {
  return Array.from({ length: LEVELS.length * LEVEL_S }, (_, i) => ({
    at_us: (10 + i) * 1e6,
    phase: String(LEVELS[Math.floor(i / LEVEL_S)]),
    ready: i !== 100,
    stats: {
      queue_length: i % 7,
      active: i % 3,
      workers_busy: 1,
      completed: i * 300,
      event_loop_lag_ms_last: i / 10,
      cache_hit_rate: 0.25,
      worker_restarts_total: i > 60 ? 1 : 0,
      wait_ms_last: 1,
      wait_ms_max: 9,
      wait_ms_avg: 2,
      process: {
        start_time: '2026-01-01T00:00:00Z',
        cpu_user_s: i * 0.8,
        cpu_system_s: i * 0.1,
        cpu_cores: 2,
        rss_bytes: 2e8 + i * 1e5,
        heap_used_bytes: 8e7,
        network_rx_bytes: i * 1e6,
        network_tx_bytes: i * 5e5,
        disk_read_bytes: 0,
        disk_write_bytes: i * 1e4,
      },
      cgroup: { cpu_limit_cores: 1, memory_limit_bytes: 2 ** 31 },
    },
    prometheus: { inference_batch_rows_sum: i * 900, inference_batch_rows_count: i * 300 },
  }));
}

/** A run with something for every section of a report, and with names that test its layout. */
export function fullRun(): Run {
  return {
    schema_version: 1,
    run_id: 'fixture',
    started: '2026-01-02T03:04:05.678Z',
    scenario: { name: LONG, seed: 1, request: { method: 'POST', path: `/${LONG}`, body: 'synthetic windows' } },
    target: { url: `http://127.0.0.1:8000/${LONG}`, server: { workers: 1, limit: 4, current_model_type: 'RIDGE' } },
    machine: { os: 'linux', cpu_cores: 2, cpu_model: 'fixture', memory_bytes: 2 ** 34 },
    phases: [
      { name: 'warm-up', kind: 'warmup', users: 5, start_s: 0, duration_s: 10, requests: 100 },
      ...LEVELS.map(level),
    ],
    uptime: 0.993,
    readiness_probes: 150,
    requirements: [
      {
        expression: 'p95@16<12ms',
        figure: 'p95',
        phase: '16',
        op: '<',
        limit: 12,
        actual: 11.25,
        outcome: 'met',
        note: null,
      },
      {
        expression: 'success>=99.9%',
        figure: 'success',
        phase: '64',
        op: '>=',
        limit: 0.999,
        actual: 0.98,
        outcome: 'not_met',
        note: `first failure: ${LONG}`,
      },
    ],
    validity: { valid: true, reasons: [], warnings: ['A warning.'] },
    verdict: 'FAILED',
    capacity: {
      rate_per_s: 2_000,
      broken_per_s: 2_200,
      confirmed: true,
      requirement: 'p95<=12ms',
      note: 'confirmed',
      steps: [{ phase: 'search-1', rate_per_s: 2_200, outcome: 'broken' }],
    },
  };
}

export function fullBundle(): RunBundle {
  const run = fullRun();
  const points = [0, 50, 90, 95, 99, 99.9];
  return {
    run,
    distributions: new Map(
      LEVELS.map((users) => [
        String(users),
        points.map((percentile, i) => ({ percentile, ms: ((i + 1) * 1000 * users) / throughput(users) })),
      ]),
    ),
    attribution: new Map(),
    modelRuns: {
      kind: 'curve',
      perRunMs: { value: 0.4, lower: 0.38, upper: 0.43 },
      perRowMs: { value: 0.052, lower: 0.051, upper: 0.054 },
      sizes: [1, 2, 4, 8, 16, 32].map((rows) => ({ rows, medianMs: 0.41 + 0.052 * rows, batches: 900 })),
      errorMax: 0.02,
    },
    timeline: timeline(),
    server: looks(),
    gaps: [],
  };
}
