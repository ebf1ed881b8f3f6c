export * from './connection-life.js';
export * from './deadline.js';
export * from './next-admission.js';
