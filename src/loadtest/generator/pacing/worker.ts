import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { arrivalTimes } from '../../../domain/arrivals/index.js';
import { type PacingData, STOP_CELL, WAKING_CELL } from '../pacer.js';

/** Entry of the pacing thread: sleeps until each arrival is due, then wakes the generator's event loop. */

const { cells, plan, generator, generators, epochMs } = workerData as PacingData;
const zeroMs = performance.timeOrigin - epochMs;

function stopped(): boolean {
  return Atomics.load(cells, STOP_CELL) === 1;
}

function sleepUntil(dueUs: number): void {
  while (!stopped()) {
    const restMs = dueUs / 1000 - (zeroMs + performance.now());
    if (restMs <= 0) return;
    Atomics.wait(cells, STOP_CELL, 0, restMs);
  }
}

function wake(): void {
  if (Atomics.exchange(cells, WAKING_CELL, 1) === 0) parentPort?.postMessage(null);
}

for (const dueUs of arrivalTimes(plan, generator, generators)) {
  sleepUntil(dueUs);
  if (stopped()) break;
  wake();
}
wake(); // so that a phase without arrivals ends, too
