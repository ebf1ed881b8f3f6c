import type { IndexEntry, QueueStats, ReloadReply, ScaleReply } from '../../contract/index.js';
import type { MachineView } from '../../http/index.js';
import type { ModelWorkers } from '../../runtime/index.js';
import { type ProcessFigures, processFigures, queueStats, type StatsSources } from '../../serving/index.js';
import type { MetricsSnapshot, PrometheusMetrics } from '../../telemetry/index.js';

/** This process alone: what its routes answer from when it has the port to itself, and its part when it shares it. */
export class LocalMachine implements MachineView {
  readonly #sources: StatsSources;
  readonly #metrics: PrometheusMetrics;
  readonly #modelWorkers: ModelWorkers;

  constructor(sources: StatsSources, metrics: PrometheusMetrics, modelWorkers: ModelWorkers) {
    this.#sources = sources;
    this.#metrics = metrics;
    this.#modelWorkers = modelWorkers;
  }

  readiness(): Promise<{ ready: boolean; reason: string | null }> {
    const { service } = this.#sources;
    return Promise.resolve({ ready: service.isReady, reason: service.isReady ? null : this.stateNow().reason });
  }

  stateNow(): QueueStats {
    return queueStats(this.#sources);
  }

  stats(): Promise<QueueStats> {
    return Promise.resolve(this.stateNow());
  }

  metricsText(): Promise<string> {
    return this.#metrics.text();
  }

  index(): Promise<IndexEntry[]> {
    return Promise.resolve(this.#sources.catalogue.index());
  }

  async reload(): Promise<ReloadReply> {
    const { catalogue, service } = this.#sources;
    const { loaded, runId, reason } = await catalogue.look(true);
    return { loaded, run_id: runId, model_type: service.lane?.spec.modelType ?? null, reason };
  }

  async scaleWorkers(workers: number): Promise<ScaleReply> {
    const before = this.#modelWorkers.workers;
    await this.#modelWorkers.scale(workers);
    return { workers, before, processes: 1 };
  }

  figures(): ProcessFigures {
    return processFigures(this.#sources);
  }

  metricsSnapshot(): Promise<MetricsSnapshot> {
    return this.#metrics.snapshot();
  }
}
