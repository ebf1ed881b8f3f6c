import { expect, it } from 'vitest';
import { nextRollout, RETRY_FAILED_US, type RolloutSnapshot } from './next-rollout.js';

const idle: RolloutSnapshot = { servingRunId: null, promoted: null, identifier: '', failed: null };
const promoted = { runId: 'b', identifier: 'default' };
const keep = (reason: string | null): object => ({ action: 'keep', reason });

it.each([
  ['nothing is promoted', idle, keep('no model is promoted in the registry')],
  ['the pointer vanished', { ...idle, servingRunId: 'a' }, keep(null)],
  ['the first version', { ...idle, promoted }, { action: 'take', runId: 'b' }],
  ['another version', { ...idle, servingRunId: 'a', promoted }, { action: 'take', runId: 'b' }],
  ['the version that serves', { ...idle, servingRunId: 'b', promoted }, keep(null)],
  ['an identifier of its own', { ...idle, promoted, identifier: 'default' }, { action: 'take', runId: 'b' }],
  [
    'another identifier',
    { ...idle, promoted, identifier: 'lte' },
    keep("the promoted model is of 'default', not of 'lte'"),
  ],
  [
    'one that has just failed',
    { ...idle, promoted, failed: { runId: 'b', atUs: 1 } },
    keep('run b failed and is tried again later'),
  ],
  [
    'another than the one that failed',
    { ...idle, promoted, failed: { runId: 'a', atUs: 1 } },
    { action: 'take', runId: 'b' },
  ],
] as [string, RolloutSnapshot, object][])('%s', (_name, snapshot, expected) => {
  expect(nextRollout(snapshot, RETRY_FAILED_US)).toEqual(expected);
});

it('a version that failed is tried again after a while', () => {
  const snapshot = { ...idle, promoted, failed: { runId: 'b', atUs: 5 } };
  expect(nextRollout(snapshot, RETRY_FAILED_US + 5)).toEqual({ action: 'take', runId: 'b' });
});
