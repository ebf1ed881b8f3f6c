import type { Clock } from '../serving/ports.js';

/**
 * Microseconds of the machine's monotonic clock, the same in every thread of the process. `performance.now()` is the
 * cheap way to read it, but each thread counts from its own start, so its offset is measured once.
 */
export function monotonicUs(): number {
  return performance.now() * 1000 + OFFSET_US;
}

const OFFSET_SAMPLES = 50;

/** The two clocks cannot be read at one instant: of many pairs, the one read closest together has the largest difference. */
function measureOffsetUs(): number {
  let offsetUs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < OFFSET_SAMPLES; i++) {
    const machineUs = Number(process.hrtime.bigint()) / 1000;
    offsetUs = Math.max(offsetUs, machineUs - performance.now() * 1000);
  }
  return offsetUs;
}

const OFFSET_US = measureOffsetUs();

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
  afterTurn: (action) => {
    setImmediate(action);
  },
};
