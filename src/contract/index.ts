export * from './bundle.js';
export * from './errors.js';
