import { expect, it } from 'vitest';
import { nextRollout, RETRY_FAILED_US, type RolloutSnapshot } from './next-rollout.js';

const idle: RolloutSnapshot = {
  wanted: { main: null, beside: [], reason: 'none is promoted' },
  main: null,
  beside: [],
  standby: null,
  failed: new Map(),
  rolledBack: null,
  room: 9,
};
const b = { main: 'b', beside: [], reason: null };
const newest = { main: 'b', beside: ['d', 'c'], reason: null };
const keep = (reason: string | null = null): object => ({ action: 'keep', reason });

it.each<[string, Partial<RolloutSnapshot>, object]>([
  ['nothing is promoted', {}, keep('none is promoted')],
  ['the pointer vanished', { main: 'a' }, keep('none is promoted')],
  ['the first version', { wanted: b }, { action: 'take', runId: 'b' }],
  ['another version', { wanted: b, main: 'a' }, { action: 'take', runId: 'b' }],
  ['the version that serves', { wanted: b, main: 'b' }, keep()],
  [
    'one that has just failed',
    { wanted: b, failed: new Map([['b', 1]]) },
    keep('run b failed and is tried again later'),
  ],
  ['another than the one that failed', { wanted: b, failed: new Map([['a', 1]]) }, { action: 'take', runId: 'b' }],
  ['one that was rolled back', { wanted: b, main: 'a', rolledBack: 'b' }, keep('run b was rolled back')],
  ['one that is loaded already', { wanted: b, main: 'a', beside: ['b'] }, { action: 'turn', runId: 'b' }],
  ['back to the version before', { wanted: b, main: 'a', standby: 'b' }, { action: 'turn', runId: 'b' }],
  ['the main one before those beside it', { wanted: newest, main: 'a' }, { action: 'take', runId: 'b' }],
  ['one to add', { wanted: newest, main: 'b' }, { action: 'add', runId: 'd' }],
  ['the next to add', { wanted: newest, main: 'b', beside: ['d'] }, { action: 'add', runId: 'c' }],
  ['no room to add', { wanted: newest, main: 'b', room: 0 }, keep()],
  [
    'room comes from one that leaves',
    { wanted: newest, main: 'b', beside: ['a'], room: 0 },
    { action: 'release', runId: 'a' },
  ],
  ['all are there', { wanted: newest, main: 'b', beside: ['d', 'c'] }, keep()],
  [
    'one to add has just failed',
    { wanted: newest, main: 'b', failed: new Map([['d', 1]]) },
    { action: 'add', runId: 'c' },
  ],
  ['one to add was rolled back', { wanted: newest, main: 'b', rolledBack: 'd' }, { action: 'add', runId: 'c' }],
  [
    'the main one fails, others may come',
    { wanted: newest, main: 'a', failed: new Map([['b', 1]]) },
    { action: 'add', runId: 'd' },
  ],
])('%s', (_name, snapshot, expected) => {
  expect(nextRollout({ ...idle, ...snapshot }, RETRY_FAILED_US)).toEqual(expected);
});

it('a version that failed is tried again after a while', () => {
  const snapshot = { ...idle, wanted: b, failed: new Map([['b', 5]]) };
  expect(nextRollout(snapshot, RETRY_FAILED_US + 5)).toEqual({ action: 'take', runId: 'b' });
});
