import { expect, it } from 'vitest';
import { planCores } from './core-plan.js';

it.each([
  ['the default is one process with all cores', { processes: 1, workers: 0 }, 8, { processes: 1, workers: 7 }],
  ['auto: two cores each', { processes: 0, workers: 0 }, 8, { processes: 4, workers: 1 }],
  ['an odd core goes unused rather than crowded', { processes: 0, workers: 0 }, 5, { processes: 2, workers: 1 }],
  ['one core serves all the same', { processes: 0, workers: 0 }, 1, { processes: 1, workers: 1 }],
  ['a fraction of a core, too', { processes: 0, workers: 0 }, 0.5, { processes: 1, workers: 1 }],
  ['what is asked for is given', { processes: 3, workers: 5 }, 2, { processes: 3, workers: 5 }],
  ['cores are shared by the processes', { processes: 2, workers: 0 }, 8, { processes: 2, workers: 3 }],
])('%s', (_name, settings, cores, plan) => {
  expect(planCores(settings, cores)).toEqual(plan);
});
