import type { Log, Metrics } from '../serving/index.js';

/** Metrics and a log that nobody reads. */
export const silentMetrics: Metrics = { count: () => undefined, observe: () => undefined };
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
