import type { QueueStats } from '../../../contract/index.js';
import { mergeFigures, mergeProcesses, type ProcessFigures, withoutState } from '../../../serving/index.js';
import {
  countsOf,
  mergedText,
  mergeMetrics,
  type MetricsSnapshot,
  PrometheusMetrics,
  ProcessSelfView,
} from '../../../telemetry/index.js';
import type { ProcessRecord } from './questions.js';

/** Of the first process, only what it uses of the machine counts: it serves nobody. */
const OWN_METRICS = /^(process_|flts_process_restarts_total$)/;

/**
 * What the serving processes have said of themselves, and what those that are gone had counted. Counters never go
 * back: of a process that died, what it had last said stays; what it counted after that is lost.
 */
export class MachineRecords {
  readonly #replicaId: string;
  readonly #figures = new Map<number, ProcessFigures>();
  readonly #metrics = new Map<number, MetricsSnapshot>();
  readonly #own = new PrometheusMetrics();
  readonly #self = new ProcessSelfView();
  #goneFigures: ProcessFigures[] = [];
  #goneMetrics: MetricsSnapshot = [];
  #retiring: Promise<void> = Promise.resolve();
  #restarts = 0;

  constructor(replicaId: string) {
    this.#replicaId = replicaId;
  }

  noteFigures(slot: number, figures: ProcessFigures): void {
    this.#figures.set(slot, figures);
  }

  noteMetrics(slot: number, metrics: MetricsSnapshot): void {
    this.#metrics.set(slot, metrics);
  }

  noteRestart(): void {
    this.#restarts++;
    this.#own.count('flts_process_restarts_total');
  }

  /** The process of the slot is gone; `last`: what it had counted, when it could still say so. */
  retire(slot: number, last: ProcessRecord | null): void {
    const figures = last?.figures ?? this.#figures.get(slot);
    const metrics = last?.metrics ?? this.#metrics.get(slot);
    this.#figures.delete(slot);
    this.#metrics.delete(slot);
    if (figures !== undefined) this.#goneFigures = [mergeFigures([withoutState(figures), ...this.#goneFigures])];
    if (metrics === undefined) return;
    const counts = countsOf(metrics);
    this.#retiring = this.#retiring.then(async () => {
      this.#goneMetrics = await mergeMetrics([counts, this.#goneMetrics]);
    });
  }

  /** The machine's state; null when no process has said anything yet. */
  async stats(): Promise<QueueStats | null> {
    const [first, ...others] = this.#figures.values();
    if (first === undefined) return null;
    await this.#self.refresh();
    const { stats } = mergeFigures([first, ...others, ...this.#goneFigures]);
    return {
      ...stats,
      replica_id: this.#replicaId,
      process_restarts_total: this.#restarts,
      process: mergeProcesses([this.#self.process(), stats.process]),
    };
  }

  /** All metrics in the Prometheus text format. */
  async metricsText(): Promise<string> {
    const own = (await this.#own.snapshot()).filter((metric) => OWN_METRICS.test(metric.name));
    await this.#retiring;
    return mergedText([...this.#metrics.values(), this.#goneMetrics, own]);
  }
}
