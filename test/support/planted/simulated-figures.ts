import type { RunPhase, RunSample } from '../../../src/contract/index.js';
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
}

/** The phase's figures, as a load test would write them. */
export function phaseFiguresOf(
  plan: SystemPlan,
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
    name: String(users),
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
