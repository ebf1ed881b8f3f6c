import { availableParallelism } from 'node:os';
import type { Settings } from '../../contract/index.js';
import { readCgroup, readTextOrNull } from '../../telemetry/index.js';

/** An HTTP thread and an inference thread keep each other busy: that is what a process is given. */
const CORES_PER_PROCESS = 2;

export interface CorePlan {
  /** Serving processes, ≥ 1. */
  readonly processes: number;
  /** Inference threads of each, ≥ 1. */
  readonly workers: number;
}

/** How the settings spread over the cores; 0 stands for what suits `cores` (they may be a fraction). */
export function planCores(settings: Pick<Settings, 'processes' | 'workers'>, cores: number): CorePlan {
  const whole = Math.floor(cores);
  const processes = settings.processes === 0 ? Math.max(1, Math.floor(whole / CORES_PER_PROCESS)) : settings.processes;
  // One core of each process is for its HTTP thread.
  const workers = settings.workers === 0 ? Math.max(1, Math.floor(whole / processes) - 1) : settings.workers;
  return { processes, workers };
}

/** The cores that this process may use: those of the machine, or fewer where its control group is limited. */
export async function usableCores(): Promise<number> {
  const limit = (await readCgroup(readTextOrNull))?.cpu_limit_cores ?? Number.POSITIVE_INFINITY;
  return Math.min(availableParallelism(), limit);
}
