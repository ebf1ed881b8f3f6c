export * from './closed-users.js';
export * from './load-plan.js';
export * from './open-arrivals.js';
export * from './rate-profile.js';
export * from './seeded-random.js';
