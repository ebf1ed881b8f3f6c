export { readCgroup, readTextOrNull } from './cgroup.js';
export { createLogger } from './logger.js';
export { PrometheusMetrics } from './prometheus.js';
export { ProcessSelfView } from './self-view.js';
export { Utilization } from './utilization.js';
