export * from './capacity-model.js';
export * from './closed-latency.js';
export * from './degradation.js';
export * from './knee-search.js';
export * from './model-runs.js';
export * from './usl.js';
export * from './replica-plan.js';
export * from './scaling-paths.js';
