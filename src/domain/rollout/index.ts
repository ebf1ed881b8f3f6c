export * from './memory-room.js';
export * from './next-prune.js';
export * from './next-rollout.js';
export * from './next-watch.js';
export * from './restart-delay.js';
export * from './version-policy.js';
export * from './version-state.js';
