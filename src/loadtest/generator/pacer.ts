import { Worker } from 'node:worker_threads';
import type { OpenArrivals } from '../../domain/arrivals/index.js';

/** Cells of the memory shared with the pacing thread: 1 = stop, and 1 = a wake-up is under way. */
export const STOP_CELL = 0;
export const WAKING_CELL = 1;

/** What the pacing thread is given. */
export interface PacingData {
  readonly cells: Int32Array;
  readonly plan: OpenArrivals;
  readonly generator: number;
  readonly generators: number;
  /** Zero of the run's clock, ms since the epoch. */
  readonly epochMs: number;
}

/**
 * Wakes the event loop when arrivals are due. Timers of the event loop are a millisecond coarse, and polling would take
 * the core from the service beside it: a thread sleeps until the very time instead. Wake-ups that the loop has not
 * taken yet are not repeated, so that a late loop is not buried under messages.
 */
export class Pacer {
  readonly #cells = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  readonly #worker: Worker;

  constructor(data: Omit<PacingData, 'cells'>, wake: () => void, failed: (error: Error) => void) {
    const workerData: PacingData = { ...data, cells: this.#cells };
    this.#worker = new Worker(new URL('./pacing/worker.js', import.meta.url), { workerData });
    this.#worker.on('message', () => {
      Atomics.store(this.#cells, WAKING_CELL, 0);
      wake();
    });
    this.#worker.on('error', (error) => {
      failed(error instanceof Error ? error : new Error(String(error)));
    });
  }

  stop(): void {
    Atomics.store(this.#cells, STOP_CELL, 1);
    Atomics.notify(this.#cells, STOP_CELL);
    this.#worker.unref();
  }
}
