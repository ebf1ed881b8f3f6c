import type { RunPhase, RunSample, ServerSample } from '../../../src/contract/index.js';
import { percentileFigure, sortedValues } from '../../../src/domain/stats/index.js';

/** A service and its load: closed users over virtual time. Times in ms. */
export interface SystemPlan {
  readonly levels: readonly number[];
  readonly secondsPerLevel: number;
  readonly thinkMs: number;
  /** One way. */
  readonly networkMs: number;
  /** What the generator needs to send one request. */
  readonly sendMs: number;
  readonly generators: number;
  /** Work of the HTTP thread on each request before its queue, and after it. */
  readonly loopMs: number;
  readonly processes: number;
  /** Pauses of the HTTP thread for garbage collection: length, and mean time between them; 0 = none. */
  readonly gcMs: number;
  readonly gcEveryMs: number;
  readonly limit: number | null;
  readonly workers: number;
  readonly perRunMs: number;
  readonly perRowMs: number;
  /** Whether a worker in the model uses the CPU. */
  readonly execOnCpu: boolean;
  readonly maxRows: number;
  readonly maxDelayMs: number;
  readonly cores: number;
  /** A swap of the model takes all workers for so long, with so much time between; 0 = none. Not in the first level. */
  readonly swapMs: number;
  readonly swapEveryMs: number;
}

/** The phase's figures, as a load test would write them. */
export function phaseFiguresOf(
  plan: SystemPlan,
  name: string,
  users: number,
  start: number,
  end: number,
  samples: readonly RunSample[],
  sendBusy: number,
): RunPhase {
  const inside = samples.filter(({ done_us: done }) => done <= end * 1000).length;
  const responses = Float64Array.from(samples, (sample) => (sample.done_us - sample.intended_us) / 1000).sort();
  const at = (p: number): number | null =>
    responses.length === 0 ? null : percentileFigure(responses.length, p, sortedValues(responses)).value;
  return {
    name,
    kind: 'sustained',
    users,
    think_s: plan.thinkMs / 1000,
    start_s: start / 1000,
    duration_s: (end - start) / 1000,
    requests: samples.length,
    succeeded: samples.length,
    failed: 0,
    success_rate: 1,
    throughput_per_s: (inside / (end - start)) * 1000,
    mean_ms: responses.length === 0 ? null : responses.reduce((a, b) => a + b, 0) / responses.length,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    generators: Array.from({ length: plan.generators }, (_, id) => ({
      id,
      users: users / plan.generators,
      elu: Math.min(1, sendBusy / plan.generators / (end - start)),
      cpu_s: 0,
      lost: false,
    })).map((entry) => ({ ...entry, users: Math.round(entry.users) })),
  };
}

/** What the service counts since it began; times in ms. */
export interface Counts {
  cpu: number;
  loopBusy: number;
  gc: number;
  lagSum: number;
  lagCount: number;
  exec: number;
  wait: number;
  done: number;
  rows: number;
  runs: number;
  throttled: number;
}

export const noCounts = (): Counts => ({
  cpu: 0,
  loopBusy: 0,
  gc: 0,
  lagSum: 0,
  lagCount: 0,
  exec: 0,
  wait: 0,
  done: 0,
  rows: 0,
  runs: 0,
  throttled: 0,
});

/** The state of the service when it is looked at. */
interface Now {
  readonly nowMs: number;
  readonly phase: string;
  readonly waitingMs: number;
  readonly workersBusy: number;
  readonly active: number;
  readonly queueLength: number;
  readonly swaps: number;
}

/** What the service says of itself, in the words of the real one. */
export function lookAt(plan: SystemPlan, counters: Readonly<Counts>, now: Now): ServerSample {
  return {
    at_us: Math.round(now.nowMs * 1000),
    phase: now.phase,
    ready: true,
    stats: {
      replica_id: 'r1',
      processes: plan.processes,
      workers: plan.workers,
      workers_busy: now.workersBusy,
      active: now.active,
      limit: plan.limit,
      queue_length: now.queueLength,
      event_loop_lag_ms_last: now.waitingMs,
      process: {
        cpu_user_s: counters.cpu / 1000,
        cpu_system_s: 0,
        cpu_cores: 16,
        event_loop_busy_s: counters.loopBusy / 1000,
        rss_bytes: 2e8,
      },
      cgroup: {
        cpu_limit_cores: plan.cores,
        cpu_periods_total: now.nowMs / 100,
        cpu_throttled_periods_total: counters.throttled / 100,
        memory_bytes: 2e8,
        memory_limit_bytes: 1e9,
        oom_kill_total: 0,
      },
    },
    prometheus: {
      inference_queue_wait_seconds_sum: counters.wait / 1000,
      inference_queue_wait_seconds_count: counters.done,
      inference_exec_seconds_sum: counters.exec / 1000,
      inference_exec_seconds_count: counters.done,
      inference_batch_rows_sum: counters.rows,
      inference_batch_rows_count: counters.runs,
      event_loop_lag_seconds_sum: counters.lagSum / 1000,
      event_loop_lag_seconds_count: counters.lagCount,
      nodejs_gc_duration_seconds_sum: counters.gc / 1000,
      inference_model_swaps_total: now.swaps,
    },
  };
}
