export * from './next-rollout.js';
