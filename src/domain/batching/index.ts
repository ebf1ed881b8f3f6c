export * from './linked-queue.js';
export * from './next-batch.js';
export * from './predicted-finish.js';
export * from './row-queue.js';
export * from './service-curve.js';
export * from './urgency.js';
export * from './work-by-priority.js';
