import type { Run, RunPhase, RunServerFigures } from '../../contract/index.js';
import { type PartTimes, splitRequest } from '../../domain/attribution/index.js';
import {
  type Diagnosis,
  diagnose,
  type PhaseObservation,
  type ServerObservation,
} from '../../domain/diagnosis/index.js';
import { measuredPhases, type RunBundle } from '../run-bundle.js';
import { serverFigures } from './server-figures.js';

const finite = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && Number.isFinite(value) ? value : null;

function observedServer(figures: RunServerFigures): ServerObservation {
  return {
    replicas: finite(figures.replicas),
    processes: finite(figures.processes),
    workers: finite(figures.workers),
    workersBusyMean: finite(figures.workers_busy_mean),
    limit: figures.limit === null ? Number.POSITIVE_INFINITY : finite(figures.limit),
    activeMean: finite(figures.active_mean),
    queueLengthMean: finite(figures.queue_length_mean),
    queueWaitMsMean: finite(figures.queue_wait_ms_mean),
    execMsMean: finite(figures.exec_ms_mean),
    prepMsMean: finite(figures.prep_ms_mean),
    batchRowsMean: finite(figures.batch_rows_mean),
    loopLagMsMean: finite(figures.loop_lag_ms_mean),
    loopLagMsMax: finite(figures.loop_lag_ms_max),
    loopBusyShare: finite(figures.loop_busy_share),
    cpuCoresMean: finite(figures.cpu_cores_mean),
    cpuLimitCores: finite(figures.cpu_limit_cores),
    cpuThrottledShare: finite(figures.cpu_throttled_share),
    gcShare: finite(figures.gc_share),
    memoryBytesMax: finite(figures.memory_bytes_max),
    memoryLimitBytes: finite(figures.memory_limit_bytes),
    oomKills: finite(figures.oom_kills),
    restarts: finite(figures.restarts),
    modelSwaps: finite(figures.model_swaps),
  };
}

/** Mean parts: of the samples, else of the phase's mean Server-Timing, else of what the service says of itself. */
function partsOf(phase: RunPhase, sampled: PartTimes | null, server: RunServerFigures): PartTimes | null {
  if (sampled !== null) return sampled;
  const responseMs = finite(phase.mean_ms);
  if (responseMs === null) return null;
  const lateMs = phase.lag_ms?.p50 ?? 0;
  const timing = phase.server_timing_ms_mean ?? {};
  if (Object.keys(timing).length > 0) return splitRequest({ responseMs, lateMs, timingMs: timing });
  const { exec_ms_mean: exec, queue_wait_ms_mean: queue, prep_ms_mean: prep } = server;
  if (exec === undefined)
    return phase.lag_ms === undefined ? null : splitRequest({ responseMs, lateMs, timingMs: null });
  return splitRequest({ responseMs, lateMs, timingMs: { exec, queue: queue ?? 0, prep: prep ?? 0 } });
}

function floorOf(run: Run, phase: RunPhase): number | null {
  const levels = run.instrument?.levels ?? [];
  const level = levels.find(({ users, rate }) => users === phase.users && rate === phase.rate);
  return finite(level?.p50_ms);
}

function observe(bundle: RunBundle, phase: RunPhase, isSlowest: boolean): PhaseObservation {
  const { run } = bundle;
  // Figures of the whole run stand for its slowest phase, which they were mostly made in, and for no other.
  const stated = { ...(isSlowest ? run.server : {}), ...phase.server };
  const server = { ...serverFigures(phase, bundle.server), ...stated };
  const [all] = bundle.attribution.get(phase.name) ?? [];
  const generators = (phase.generators ?? []).filter(({ lost }) => !lost);
  const requests = phase.requests ?? 0;
  const parts = partsOf(phase, all === undefined || all.requests === 0 ? null : all.all.partsMs, server);
  const succeeded = phase.succeeded ?? Math.round(requests * (phase.success_rate ?? 1));
  return {
    name: phase.name,
    users: phase.users ?? null,
    ratePerS: phase.rate ?? null,
    thinkMs: (phase.think_s ?? 0) * 1000,
    requests,
    succeeded,
    throughputPerS: finite(phase.throughput_per_s),
    meanMs: succeeded === 0 && requests > 0 ? null : finite(phase.mean_ms),
    parts,
    lateMs: all === undefined ? finite(phase.lag_ms?.p50) : (parts?.generator ?? null),
    floorMs: floorOf(run, phase),
    generatorBusyShare: generators.length === 0 ? null : Math.max(...generators.map(({ elu }) => elu)),
    generators: generators.length === 0 ? null : generators.length,
    achievedShare: finite(phase.open?.achieved_share),
    server: observedServer(server),
  };
}

/** The measured phases as the rules of the diagnosis see them. */
export function observePhases(bundle: RunBundle): PhaseObservation[] {
  const phases = measuredPhases(bundle.run);
  const [slowest] = phases.toSorted((a, b) => (b.mean_ms ?? 0) - (a.mean_ms ?? 0));
  return phases.map((phase) => observe(bundle, phase, phase === slowest));
}

/** What holds the service back, by what the bundle carries; pure. */
export function diagnoseBundle(bundle: RunBundle): Diagnosis {
  return diagnose(observePhases(bundle));
}
