export { AvailableMemory } from './available-memory.js';
export { readCgroup, readTextOrNull } from './cgroup.js';
export { createLogger } from './logger.js';
export { countsOf, mergedText, mergeMetrics, type MetricsSnapshot } from './merge-metrics.js';
export { PrometheusMetrics } from './prometheus.js';
export { ProcessSelfView } from './self-view.js';
export { Utilization } from './utilization.js';
