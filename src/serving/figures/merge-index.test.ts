import { expect, it } from 'vitest';
import type { IndexEntry } from '../../contract/index.js';
import { mergeIndex } from './merge-index.js';

const entry = (version: string, state: IndexEntry['state'], reason = ''): IndexEntry => ({
  name: 'default',
  version,
  state,
  reason,
});

it('a version serves when it does in all processes; else the worst is told with its reason', () => {
  const one = [entry('a', 'READY'), entry('b', 'READY'), entry('c', 'UNLOADING')];
  const two = [
    entry('a', 'READY'),
    entry('b', 'UNAVAILABLE', 'no memory'),
    { ...entry('a', 'LOADING'), name: 'other' },
  ];
  const expected = [
    entry('a', 'READY'),
    entry('b', 'UNAVAILABLE', 'no memory'),
    entry('c', 'UNLOADING'),
    { ...entry('a', 'LOADING'), name: 'other' },
  ];
  expect(mergeIndex([one, two])).toEqual(expected);
  expect(mergeIndex([])).toEqual([]);
});
