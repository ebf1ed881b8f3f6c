import type { ModelSpec } from '../../src/serving/model-spec.js';
import {
  type BatchResult,
  type Clock,
  type InferenceBackend,
  type Slot,
  WorkerLostError,
} from '../../src/serving/ports.js';

/**
 * Workers that take `baseUs + rowUs · rows` of the given clock for a batch, and answer as the drift fixture does:
 * forecast[s][t] = last[t] + (s + 1)·(t + 1). Failures are ordered by the test.
 */
export class FakeBackend implements InferenceBackend {
  readonly workers: number;
  /** Rows of every batch that was begun, in order. */
  readonly batches: number[] = [];
  /** First cell of every row of every batch: which requests were in it. */
  readonly contents: number[][] = [];
  /** How the next batches end; an empty list means well. */
  readonly failures: ('lost' | 'failed' | 'nan')[] = [];
  closed = false;
  readonly #spec: ModelSpec;
  readonly #clock: Clock;
  readonly #baseUs: number;
  readonly #rowUs: number;
  readonly #maxRows: number;
  #busy = 0;
  #listener: () => void = () => undefined;

  constructor(
    spec: ModelSpec,
    clock: Clock,
    options: { workers?: number; baseUs?: number; rowUs?: number; maxRows?: number },
  ) {
    this.#spec = spec;
    this.#clock = clock;
    this.workers = options.workers ?? 1;
    this.#baseUs = options.baseUs ?? 1000;
    this.#rowUs = options.rowUs ?? 0;
    this.#maxRows = options.maxRows ?? 32;
  }

  get freeWorkers(): number {
    return this.workers - this.#busy;
  }

  onFree(listener: () => void): void {
    this.#listener = listener;
  }

  take(): Slot | null {
    if (this.freeWorkers === 0) return null;
    this.#busy++;
    const window = new Float32Array(this.#maxRows * this.#spec.lookback * this.#spec.features);
    return { window, run: (rows) => this.#run(window, rows) };
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  #run(window: Float32Array, rows: number): Promise<BatchResult> {
    if (rows > this.#maxRows) throw new Error(`a batch of ${rows} rows`);
    const rowSize = this.#spec.lookback * this.#spec.features;
    this.batches.push(rows);
    this.contents.push(Array.from({ length: rows }, (_, r) => window[r * rowSize] ?? Number.NaN));
    const failure = this.failures.shift();
    const startUs = this.#clock.nowUs();
    return new Promise((resolve, reject) => {
      this.#clock.schedule(this.#baseUs + this.#rowUs * rows, () => {
        if (failure === 'lost' || failure === 'failed') {
          this.#free();
          reject(failure === 'lost' ? new WorkerLostError('gone') : new Error('bad graph'));
          return;
        }
        const forecast = this.#forecast(window, rows);
        if (failure === 'nan') forecast[this.#spec.targets.length + 1] = Number.NaN;
        resolve({
          forecast,
          startUs,
          endUs: this.#clock.nowUs(),
          release: () => {
            this.#free();
          },
        });
      });
    });
  }

  #free(): void {
    this.#busy--;
    this.#listener();
  }

  #forecast(window: Float32Array, rows: number): Float32Array {
    const { lookback, features, steps, targets } = this.#spec;
    const out = new Float32Array(rows * steps * targets.length);
    for (let r = 0; r < rows; r++) {
      const last = (r * lookback + lookback - 1) * features;
      for (let s = 0; s < steps; s++) {
        for (let t = 0; t < targets.length; t++) {
          out[(r * steps + s) * targets.length + t] = (window[last + t] ?? 0) + (s + 1) * (t + 1);
        }
      }
    }
    return out;
  }
}
