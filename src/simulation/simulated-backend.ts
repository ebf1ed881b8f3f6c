import {
  type BatchResult,
  type Clock,
  type InferenceBackend,
  type ModelSpec,
  type Slot,
  WorkerLostError,
} from '../serving/index.js';

/** How one run of the model goes. */
export interface SimulatedRun {
  /** From dispatch to its end, whatever that is, µs. */
  readonly durationUs: number;
  /** `lost`: the worker dies; `failed`: the model cannot be run; `not_finite`: the last row's first value is NaN. */
  readonly end: 'well' | 'lost' | 'failed' | 'not_finite';
}

export interface SimulatedBackendOptions {
  readonly workers: number;
  readonly maxRows: number;
  /** What each step adds to target t: `drift · (t + 1)`. Tells versions apart. */
  readonly drift: number;
  /** How long a lost worker is away, µs. */
  readonly restartUs: number;
  /** Called as each run begins, with its windows, float32 [rows, lookback, features]. */
  readonly run: (rows: number, windows: Float32Array) => SimulatedRun;
}

/**
 * Workers on virtual time that forecast by a line: step s of target t is last[t] + (s + 1) · drift · (t + 1), where
 * last[t] is feature t of the window's last row. Buffers are used again, and spoilt in between: whoever reads one
 * after `release`, or writes one after `run`, reads or leaves NaN.
 */
export class SimulatedBackend implements InferenceBackend {
  readonly #spec: ModelSpec;
  readonly #clock: Clock;
  readonly #options: SimulatedBackendOptions;
  readonly #buffers: Float32Array[] = [];
  #workers: number;
  #away = 0;
  #busy = 0;
  #closed = false;
  #listener: () => void = () => undefined;

  constructor(spec: ModelSpec, clock: Clock, options: SimulatedBackendOptions) {
    this.#spec = spec;
    this.#clock = clock;
    this.#options = options;
    this.#workers = options.workers;
  }

  get workers(): number {
    return this.#workers;
  }

  get freeWorkers(): number {
    return Math.max(0, this.#workers - this.#busy - this.#away);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  onFree(listener: () => void): void {
    this.#listener = listener;
  }

  /** Changes the workers while serving; those that are one too many end with their batch. */
  scale(workers: number): void {
    this.#workers = workers;
    this.#listener();
  }

  /** Virtual time stands still within a turn: nothing ends in it. */
  poll(): void {
    // Ends come by the clock.
  }

  take(): Slot | null {
    if (this.freeWorkers === 0) return null;
    this.#busy++;
    const { lookback, features } = this.#spec;
    const window = this.#buffers.pop() ?? new Float32Array(this.#options.maxRows * lookback * features);
    return { window, run: (rows) => this.#run(window, rows) };
  }

  close(): Promise<void> {
    if (this.#busy > 0) return Promise.reject(new Error('closed while a batch was under way'));
    this.#closed = true;
    return Promise.resolve();
  }

  #run(window: Float32Array, rows: number): Promise<BatchResult> {
    const { lookback, features, targets } = this.#spec;
    if (this.#closed) return Promise.reject(new Error('a batch for a backend that is closed'));
    if (rows < 1 || rows > this.#options.maxRows) return Promise.reject(new Error(`a batch of ${rows} rows`));
    const windows = window.slice(0, rows * lookback * features);
    window.fill(Number.NaN);
    const startUs = this.#clock.nowUs();
    const { durationUs, end } = this.#options.run(rows, windows);
    return new Promise((resolve, reject) => {
      this.#clock.schedule(durationUs, () => {
        if (end === 'lost' || end === 'failed') {
          this.#leave(window, end === 'lost');
          reject(end === 'lost' ? new WorkerLostError('the simulated worker died') : new Error('bad graph'));
          return;
        }
        const forecast = this.#forecast(windows, rows);
        if (end === 'not_finite') forecast[(rows - 1) * this.#spec.steps * targets.length] = Number.NaN;
        const release = (): void => {
          forecast.fill(Number.NaN);
          this.#leave(window, false);
        };
        resolve({ forecast, startUs, endUs: this.#clock.nowUs(), release });
      });
    });
  }

  #leave(window: Float32Array, isLost: boolean): void {
    this.#busy--;
    this.#buffers.push(window);
    if (!isLost || this.#options.restartUs === 0) {
      this.#listener();
      return;
    }
    this.#away++;
    this.#clock.schedule(this.#options.restartUs, () => {
      this.#away--;
      this.#listener();
    });
  }

  #forecast(windows: Float32Array, rows: number): Float32Array {
    const { lookback, features, steps, targets } = this.#spec;
    const out = new Float32Array(rows * steps * targets.length);
    for (let r = 0; r < rows; r++) {
      const last = (r * lookback + lookback - 1) * features;
      for (let s = 0; s < steps; s++) {
        for (let t = 0; t < targets.length; t++) {
          const step = (s + 1) * this.#options.drift * (t + 1);
          out[(r * steps + s) * targets.length + t] = (windows[last + t] ?? 0) + step;
        }
      }
    }
    return out;
  }
}
