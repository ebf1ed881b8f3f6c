import { expect, it } from 'vitest';
import { nextPrune } from './next-prune.js';

it.each([
  ['the newest stay', 2, [], ['d', 'c']],
  ['who is held stays whatever its age', 1, ['d'], ['c', 'b']],
  ['as many as there are', 4, [], []],
  ['more than there are', 9, [], []],
  ['all but the newest are held', 1, ['b', 'c', 'd'], []],
])('%s', (_name, keep, held, expected) => {
  expect(nextPrune({ runIds: ['a', 'b', 'c', 'd'], keep, held: new Set(held) })).toEqual(expected);
});
