export * from './next-rollout.js';
export * from './restart-delay.js';
