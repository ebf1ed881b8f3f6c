import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Calibration needs the machine for itself: npm run test:metrology.
    exclude: ['test/metrology/**'],
    environment: 'node',
    // Two cores: more workers only make timing-free tests slower.
    maxWorkers: 2,
    testTimeout: 60_000,
    // Removing an installed package takes long on a busy disk.
    hookTimeout: 120_000,
  },
});
