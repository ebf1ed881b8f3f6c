export { type PoolOptions, startPool } from './pool.js';
export { monotonicUs, systemClock } from './system-clock.js';
