import { openSync, readSync } from 'node:fs';

/** How long the event loop's thread was ready to run without a processor, and how often it ran, since it started. */
export interface Reading {
  readonly atMs: number;
  readonly waitedMs: number;
  readonly runs: number;
}

/** The mean of fewer turns at the processor than these says nothing. */
const RUNS_MIN = 200;
/** In less time than this one unlucky turn is a large share. A thread that always has work takes few turns, however long. */
const SHARE_MS_MIN = 1_000;

/** How a generator got on with the machine's processors over a phase. */
export interface ProcessorUse {
  /** Mean wait for a processor, each time there was something to do; null where it was too seldom. */
  readonly waitMs: number | null;
  /** Share of the time in which it waited for one; null where the time was too short. */
  readonly waitShare: number | null;
}

/** The kernel's figures are text of three numbers, on one line. */
const text = Buffer.alloc(128);
/** Open for as long as the process lives: own-delay.ts reads it at many turns of the event loop. */
const schedstat = openSchedstat();

function openSchedstat(): number | null {
  try {
    return openSync('/proc/self/schedstat', 'r');
  } catch {
    return null; // the system has no such file: nothing is known, and the figures are left out
  }
}

/**
 * What the kernel counts of this process's first thread; null where it does not (other systems than Linux). Neither a
 * clock nor event-loop utilisation shows this: while a thread waits for a processor it does not know that an answer is
 * there. One call takes 1–2 µs. Source: Linux, Documentation/scheduler/sched-stats, `/proc/<pid>/schedstat`.
 */
export function readProcessor(): Reading | null {
  if (schedstat === null) return null;
  const length = readSync(schedstat, text, 0, text.length, 0);
  const [, waitedNs = Number.NaN, runs = Number.NaN] = text.toString('latin1', 0, length).split(' ').map(Number);
  if (!Number.isFinite(waitedNs) || !Number.isFinite(runs)) return null;
  return { atMs: performance.now(), waitedMs: waitedNs / 1e6, runs };
}

/** What lies between two readings; null where nothing is known. */
export function processorUse(from: Reading | null, to: Reading | null): ProcessorUse | null {
  if (from === null || to === null) return null;
  const runs = to.runs - from.runs;
  const waitedMs = to.waitedMs - from.waitedMs;
  const lengthMs = to.atMs - from.atMs;
  return {
    waitMs: runs < RUNS_MIN ? null : waitedMs / runs,
    waitShare: lengthMs < SHARE_MS_MIN ? null : Math.min(1, waitedMs / lengthMs),
  };
}
