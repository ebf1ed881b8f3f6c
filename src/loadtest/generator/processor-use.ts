import { readFileSync } from 'node:fs';

/** How long the event loop's thread was ready to run without a processor, and how often it ran, since it started. */
interface Reading {
  readonly atMs: number;
  readonly waitedMs: number;
  readonly runs: number;
}

/** Fewer runs of the thread than these say nothing: a short phase is a few turns at the processor. */
const RUNS_MIN = 200;

/** How a generator got on with the machine's processors over a phase. */
export interface ProcessorUse {
  /** Mean wait for a processor, each time there was something to do. */
  readonly waitMs: number;
  /** Share of the time in which it waited for one. */
  readonly waitShare: number;
}

/**
 * What the kernel counts of this process's first thread; null where it does not (other systems than Linux). Neither a
 * clock nor event-loop utilisation shows this: while a thread waits for a processor it does not know that an answer is
 * there. Source: Linux, Documentation/scheduler/sched-stats, `/proc/<pid>/schedstat`.
 */
export function readProcessor(): Reading | null {
  try {
    const [, waitedNs = Number.NaN, runs = Number.NaN] = readFileSync('/proc/self/schedstat', 'latin1')
      .split(' ')
      .map(Number);
    if (![waitedNs, runs].every(Number.isFinite)) return null;
    return { atMs: performance.now(), waitedMs: waitedNs / 1e6, runs };
  } catch {
    return null; // the system has no such file: nothing is known, and the figure is left out
  }
}

/** What lies between two readings; null where nothing is known, or too little. */
export function processorUse(from: Reading | null, to: Reading | null): ProcessorUse | null {
  if (from === null || to === null) return null;
  const runs = to.runs - from.runs;
  if (runs < RUNS_MIN) return null;
  const waitedMs = to.waitedMs - from.waitedMs;
  return {
    waitMs: waitedMs / runs,
    waitShare: Math.min(1, waitedMs / Math.max(1, to.atMs - from.atMs)),
  };
}
