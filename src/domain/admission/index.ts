export * from './connection-life.js';
export * from './adaptive-limit.js';
export * from './deadline.js';
export * from './drain-rate.js';
export * from './fair-share.js';
export * from './next-admission.js';
