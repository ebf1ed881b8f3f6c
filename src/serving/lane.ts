import { BodyScanner } from './body-scanner.js';
import type { Job } from './job.js';
import type { ModelSpec } from './model-spec.js';
import type { InferenceBackend } from './ports.js';

/** One model version with its workers and its queues. A batch comes from one lane, so it never mixes versions. */
export class Lane {
  readonly spec: ModelSpec;
  readonly backend: InferenceBackend;
  readonly scanner: BodyScanner;
  /** Windows that wait for their first dispatch, oldest first. A Set: oldest first, and anyone may leave in O(1). */
  readonly fresh = new Set<Job>();
  /** Windows of active requests that are ready for their next step, oldest first. */
  readonly continuing = new Set<Job>();
  /** Batches under way. */
  running = 0;
  #onIdle: (() => void) | null = null;

  constructor(spec: ModelSpec, backend: InferenceBackend) {
    this.spec = spec;
    this.backend = backend;
    this.scanner = new BodyScanner(spec);
  }

  get isIdle(): boolean {
    return this.fresh.size === 0 && this.continuing.size === 0 && this.running === 0;
  }

  /** Resolves once nothing waits and nothing runs. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
    });
  }

  /** To be called whenever a job left or a batch ended. */
  noteProgress(): void {
    if (this.#onIdle !== null && this.isIdle) {
      const resolve = this.#onIdle;
      this.#onIdle = null;
      resolve();
    }
  }
}
