export * from './binomial.js';
export * from './failure-bound.js';
export * from './littles-law.js';
export * from './percentile-interval.js';
export * from './requirement.js';
export * from './validity.js';
