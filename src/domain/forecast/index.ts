export * from './interval.js';
export * from './output-equality.js';
export * from './promotion-gate.js';
export * from './time-features.js';
export * from './timestamp.js';
