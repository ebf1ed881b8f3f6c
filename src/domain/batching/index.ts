export * from './next-batch.js';
