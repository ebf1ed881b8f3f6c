export * from './bundle.js';
export * from './errors.js';
export * from './http.js';
export * from './messages.js';
export * from './metrics.js';
export * from './resolve-settings.js';
export * from './settings.js';
