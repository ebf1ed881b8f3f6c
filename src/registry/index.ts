export * from './model-registry.js';
export * from './open-registry.js';
export * from './verify-bundle.js';
