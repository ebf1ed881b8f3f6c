import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    environment: 'node',
    // Two cores: more workers only make timing-free tests slower.
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
