import type { Clock } from '../serving/ports.js';

/**
 * Microseconds of the machine's monotonic clock, the same in every thread of the process. `performance.now()` is the
 * cheap way to read it, but each thread counts from its own start, so its offset is measured once.
 */
export function monotonicUs(): number {
  return performance.now() * 1000 + OFFSET_US;
}

const OFFSET_US = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000;

/** Real time. Timers do not keep the process alive: what must go on is held by its own handles. */
export const systemClock: Clock = {
  nowUs: monotonicUs,
  schedule: (delayUs, action) => {
    const timer = setTimeout(action, delayUs / 1000);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
