export * from './closed-users.js';
export * from './seeded-random.js';
