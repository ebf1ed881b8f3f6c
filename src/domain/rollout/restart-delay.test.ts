import { expect, it } from 'vitest';
import { restartDelayMs } from './restart-delay.js';

it('doubles from 50 ms, and stays at 10 s', () => {
  expect([0, 1, 2, 7, 8, 2000].map(restartDelayMs)).toEqual([50, 100, 200, 6400, 10_000, 10_000]);
});
