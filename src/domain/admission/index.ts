export * from './deadline.js';
export * from './next-admission.js';
