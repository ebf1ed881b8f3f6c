import type { QueueStats } from '../../contract/index.js';
import type { ModelCatalogue } from '../versions/model-catalogue.js';
import type { SelfView } from '../ports.js';
import type { PredictionService } from '../prediction-service.js';
import type { RequestLedger } from './request-ledger.js';

/** What does not change while the process lives. */
export interface ServiceIdentity {
  readonly buildVersion: string;
  readonly replicaId: string;
}

/** What `/queue_stats` is made from. */
export interface StatsSources {
  readonly service: PredictionService;
  readonly catalogue: ModelCatalogue;
  readonly ledger: RequestLedger;
  readonly self: SelfView;
  readonly identity: ServiceIdentity;
  /** From the process's start until the first model served; null before. */
  readonly startupReadyMs: () => number | null;
}

/** The service's state at this instant. */
export function queueStats(sources: StatsSources): QueueStats {
  const { service, catalogue, ledger, self, identity } = sources;
  const { engine, lane, cache } = service;
  const { workers, freeWorkers } = engine;
  const lag = self.eventLoopLagMs();
  return {
    status: service.isDraining ? 'draining' : service.isReady ? 'ready' : 'not_ready',
    reason: service.isDraining ? 'the process is shutting down' : catalogue.reason,
    queue_length: engine.queued,
    queue_oldest_wait_ms: engine.oldestWaitUs / 1000,
    workers,
    workers_busy: workers - freeWorkers,
    active: engine.active,
    limit: Number.isFinite(engine.limits.maxActive) ? engine.limits.maxActive : null,
    completed: ledger.completed,
    error_500_total: ledger.errors500,
    last_error_type: ledger.lastErrorType,
    model_loaded: lane !== null,
    current_run_id: lane?.spec.runId ?? null,
    current_model_type: lane?.spec.modelType ?? null,
    current_model_hash: lane?.spec.modelHash ?? null,
    wait_ms_last: ledger.waitMs.last,
    wait_ms_max: ledger.waitMs.max,
    wait_ms_avg: ledger.waitMs.avg,
    exec_ms_last: ledger.execMs.last,
    exec_ms_max: ledger.execMs.max,
    exec_ms_avg: ledger.execMs.avg,
    prep_ms_last: ledger.prepMs.last,
    prep_ms_max: ledger.prepMs.max,
    prep_ms_avg: ledger.prepMs.avg,
    event_loop_lag_ms_last: lag.last,
    event_loop_lag_ms_max: lag.max,
    event_loop_lag_ms_avg: lag.avg,
    served_cached: ledger.servedCached,
    cache_hit_rate: cache?.hitRate ?? null,
    shed_total: ledger.shedTotal,
    worker_restarts_total: ledger.workerRestarts,
    processes: 1,
    process_restarts_total: 0,
    startup_latency_ms: sources.startupReadyMs(),
    build_version: identity.buildVersion,
    replica_id: identity.replicaId,
    process: self.process(),
    cgroup: self.cgroup(),
  };
}
