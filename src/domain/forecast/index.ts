export * from './interval.js';
export * from './time-features.js';
export * from './timestamp.js';
