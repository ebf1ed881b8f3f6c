import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { replicaName } from './replica-name.js';

test('a configured name is kept, such as the pod’s', () => {
  expect(replicaName('flts-7d9f-abcde')).toBe('flts-7d9f-abcde');
});

test('without one, each start has its own name, which tells nothing of the host', () => {
  const name = replicaName('');
  expect(name).toMatch(/^r-[0-9a-f]{8}$/);
  expect(name).not.toContain(hostname());
  expect(replicaName('')).not.toBe(name);
});
