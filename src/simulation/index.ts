export * from './fault-plan.js';
export * from './run-fault-plan.js';
export * from './simulated-backend.js';
export * from './virtual-clock.js';
export * from './run-to-completion.js';
export * from './simulate-traffic.js';
