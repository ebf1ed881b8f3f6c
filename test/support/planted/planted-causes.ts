import type { SystemPlan } from './simulated-figures.js';

/** A system with room for all that is asked of it. */
const HEALTHY: SystemPlan = {
  levels: [2, 10, 20],
  secondsPerLevel: 20,
  thinkMs: 100,
  networkMs: 0.4,
  sendMs: 0.05,
  generators: 1,
  loopMs: 0.5,
  processes: 1,
  gcMs: 0,
  gcEveryMs: 0,
  limit: null,
  workers: 2,
  perRunMs: 2,
  perRowMs: 0.5,
  execOnCpu: true,
  maxRows: 8,
  maxDelayMs: 0,
  cores: 4,
};

export interface PlantedCause {
  /** The cause that was planted; null = none. */
  readonly cause: string | null;
  readonly plan: SystemPlan;
  /** The remedy that the diagnosis should propose, and the system after it. */
  readonly remedy: { readonly id: string; readonly plan: Partial<SystemPlan> } | null;
}

function planted(cause: string, plan: Partial<SystemPlan>, id: string, remedy: Partial<SystemPlan>): PlantedCause {
  return { cause, plan: { ...HEALTHY, ...plan }, remedy: { id, plan: remedy } };
}

/** One system for each cause, and one without. */
export const PLANTED_CAUSES: readonly PlantedCause[] = [
  planted(
    'concurrency_limit',
    { levels: [2, 10, 40], limit: 2, workers: 8, perRunMs: 30, perRowMs: 0, execOnCpu: false, maxRows: 1 },
    'concurrency_limit/raise',
    { limit: 4 },
  ),
  planted('cpu', { levels: [1, 10, 30], cores: 1, workers: 4, perRunMs: 0, perRowMs: 20, maxRows: 1 }, 'cpu/double', {
    cores: 2,
  }),
  planted('event_loop', { levels: [2, 10, 40], loopMs: 10 }, 'event_loop/processes', { processes: 2 }),
  planted(
    'model_execution',
    { levels: [2, 10, 40], perRunMs: 60, perRowMs: 5, maxRows: 4, cores: 8 },
    'model_execution/halve',
    { perRunMs: 30, perRowMs: 2.5 },
  ),
  planted('batching_wait', { levels: [2, 5, 8], maxDelayMs: 40, maxRows: 32 }, 'batching_wait/no_delay', {
    maxDelayMs: 0,
  }),
  planted('generator', { levels: [2, 10, 40], sendMs: 8 }, 'generator/double', { generators: 2 }),
  planted('network', { networkMs: 30 }, 'network/nearer', { networkMs: 0.25 }),
  planted('memory_gc', { gcMs: 120, gcEveryMs: 200 }, 'memory_gc/heap', { gcMs: 0 }),
  { cause: null, plan: HEALTHY, remedy: null },
];
