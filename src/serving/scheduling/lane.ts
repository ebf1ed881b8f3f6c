import { RowQueue, ServiceCurveFit, type ServingCapacity, WorkByPriority } from '../../domain/batching/index.js';
import { BodyScanner } from '../body-scanner.js';
import type { ModelSpec } from '../model-spec.js';
import type { InferenceBackend } from '../ports.js';
import { VersionTally } from '../versions/version-tally.js';
import type { Job } from './job.js';

/** One model version with its workers and its queues. A batch comes from one lane, so it never mixes versions. */
export class Lane {
  readonly spec: ModelSpec;
  readonly backend: InferenceBackend;
  readonly scanner: BodyScanner;
  /** Windows of requests of which nothing was dispatched yet. */
  readonly fresh = new RowQueue<Job>();
  /** Windows of requests under way that are ready for a run. */
  readonly continuing = new RowQueue<Job>();
  /** What waits and what runs. */
  readonly work = new WorkByPriority();
  /** Time from a batch's dispatch to its end, hand-over included: what requests wait for. */
  readonly curveFit = new ServiceCurveFit();
  /** How its requests ended. */
  readonly tally = new VersionTally();
  /** Whether new requests may come to it. */
  isServing = false;
  /** Batches under way. */
  running = 0;
  /** When a worker came free while work was there that is not dispatched yet, on the engine's clock; else null. */
  freedAtUs: number | null = null;
  /** Since when batches are to be formed at the end of this turn, on the engine's clock; null: they are not. */
  pumpDueSinceUs: number | null = null;
  /** Ends the wait of a batch that is not full; null while none waits. */
  stopHolding: (() => void) | null = null;
  /** A change of version and a drain may both wait for its end. */
  #whenIdle: (() => void)[] = [];

  constructor(spec: ModelSpec, backend: InferenceBackend) {
    this.spec = spec;
    this.backend = backend;
    this.scanner = new BodyScanner(spec);
  }

  get isIdle(): boolean {
    return this.fresh.size === 0 && this.continuing.size === 0 && this.running === 0;
  }

  /** What its workers can do; null before the first batch. */
  capacity(maxRows: number): ServingCapacity | null {
    const curve = this.curveFit.expected;
    return curve === null ? null : { curve, workers: Math.max(1, this.backend.workers), maxRows };
  }

  /** Runs of the model that `horizon` steps take. */
  runsFor(horizon: number): number {
    return Math.ceil(horizon / this.spec.steps);
  }

  /** Resolves once nothing waits and nothing runs. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  /** To be called whenever a job left or a batch ended. */
  noteProgress(): void {
    if (this.#whenIdle.length === 0 || !this.isIdle) return;
    const waiters = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiters) resolve();
  }
}
