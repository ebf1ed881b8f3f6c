import { Worker } from 'node:worker_threads';
import type { FromWorker, LoadMessage, RunMessage } from '../contract/index.js';
import { type LoadStep, WorkerLostError } from '../serving/ports.js';
import { RUN_END_BYTES, RunEnd } from './run-end.js';

/** What one run gave; `forecast` is valid until the next run of the thread. */
export interface ThreadRun {
  readonly forecast: Float32Array;
  readonly startUs: number;
  readonly endUs: number;
}

/** The model in the thread cannot be used: another thread would say the same. */
export class ModelUnusableError extends Error {}

/** What a thread is told of its model; the memory it shares is the thread's own. */
export type ModelShape = Omit<LoadMessage, 'window' | 'forecast' | 'runEnd'>;

interface Pending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One inference thread as its owner sees it. Both share the memory of `maxRows` windows and forecasts, so a run is two
 * short messages.
 */
export class InferenceThread {
  readonly #worker: Worker;
  readonly #shape: LoadMessage;
  readonly #forecast: Float32Array;
  readonly #runEnd: RunEnd;
  /** Where the next run's windows are written: float32 [maxRows, lookback, features]. Not while a run is under way. */
  readonly window: Float32Array;
  readonly #onLost: (thread: InferenceThread, why: string) => void;
  #loading: Pending<number> | null = null;
  #onStep: (step: LoadStep) => void = () => undefined;
  #running: Pending<ThreadRun> | null = null;
  #rows = 0;
  #ended = false;
  /** The last error that the thread itself reported, to name it when it is gone. */
  #lastError = '';

  constructor(url: URL, shape: ModelShape, onLost: (thread: InferenceThread, why: string) => void) {
    const window = new SharedArrayBuffer(4 * shape.maxRows * shape.lookback * shape.features);
    const forecast = new SharedArrayBuffer(4 * shape.maxRows * shape.steps * shape.targets);
    const runEnd = new SharedArrayBuffer(RUN_END_BYTES);
    this.#shape = { ...shape, window, forecast, runEnd };
    this.#runEnd = new RunEnd(runEnd);
    this.window = new Float32Array(window);
    this.#forecast = new Float32Array(forecast);
    this.#onLost = onLost;
    this.#worker = new Worker(url, { name: 'flts-inference' });
    this.#worker.on('message', (message: FromWorker) => {
      this.#onMessage(message);
    });
    this.#worker.on('error', (error) => {
      this.#lastError = error.message;
    });
    this.#worker.on('exit', (code) => {
      this.#onExit(`inference thread ended with code ${code}${this.#lastError === '' ? '' : ` (${this.#lastError})`}`);
    });
  }

  /** Loads and warms the model; milliseconds taken. Rejects with ModelUnusableError or WorkerLostError. */
  load(onStep: (step: LoadStep) => void): Promise<number> {
    this.#onStep = onStep;
    return new Promise((resolve, reject) => {
      this.#loading = { resolve, reject };
      this.#worker.postMessage(this.#shape);
    });
  }

  /** Runs the first `rows` windows. One run at a time. Rejects with WorkerLostError, or with the model's own error. */
  run(rows: number): Promise<ThreadRun> {
    if (this.#ended) return Promise.reject(new WorkerLostError('the inference thread has ended'));
    return new Promise((resolve, reject) => {
      this.#running = { resolve, reject };
      this.#rows = rows;
      const message: RunMessage = { kind: 'run', rows };
      this.#worker.postMessage(message);
    });
  }

  /** Takes in a run that has ended, before its message is read. Cheap where there is none. */
  poll(): void {
    if (!this.#runEnd.isThere) return;
    const running = this.#running;
    this.#running = null;
    running?.resolve({ forecast: this.#output(), ...this.#runEnd.take() });
  }

  /** Ends the thread; it is not reported as lost. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
  }

  #onMessage(message: FromWorker): void {
    if (message.kind === 'load_step') {
      this.#onStep(message.step);
    } else if (message.kind === 'loaded') {
      this.#onStep('warmed');
      this.#loading?.resolve(message.loadMs);
      this.#loading = null;
    } else if (message.kind === 'load_failed') {
      this.#loading?.reject(new ModelUnusableError(message.message));
      this.#loading = null;
    } else if (message.kind === 'run_failed') {
      this.#running?.reject(new Error(message.message));
      this.#running = null;
    } else {
      this.poll();
    }
  }

  #output(): Float32Array {
    return this.#forecast.subarray(0, this.#rows * this.#shape.steps * this.#shape.targets);
  }

  #onExit(why: string): void {
    const wasExpected = this.#ended;
    this.#ended = true;
    const lost = new WorkerLostError(why);
    if (!wasExpected) this.#onLost(this, why);
    this.#loading?.reject(lost);
    this.#running?.reject(lost);
    this.#loading = null;
    this.#running = null;
  }
}
