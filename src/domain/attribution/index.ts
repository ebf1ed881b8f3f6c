export * from './cohorts.js';
export * from './request-log.js';
export * from './request-parts.js';
export * from './tail-excess.js';
