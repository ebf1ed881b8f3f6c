export * from './next-prune.js';
export * from './next-rollout.js';
export * from './next-watch.js';
export * from './restart-delay.js';
