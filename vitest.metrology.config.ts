import { defineConfig } from 'vitest/config';

/** Calibration of the load generator against servers of known delay: one test at a time, and nothing beside them. */
export default defineConfig({
  test: {
    include: ['test/metrology/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
