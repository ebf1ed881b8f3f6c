import { expect, it } from 'vitest';
import { parseVersionPolicy, wantedVersions } from './version-policy.js';

const RUN = 'a'.repeat(32);

it.each([
  ['latest', { kind: 'latest' }],
  [`pinned:${RUN}`, { kind: 'pinned', runId: RUN }],
  ['newest:3', { kind: 'newest', count: 3 }],
  ['newest:16', { kind: 'newest', count: 16 }],
  ['newest:17', null],
  ['newest:0', null],
  ['newest', null],
  ['pinned:a', null],
  [`pinned:${RUN}/../x`, null],
  ['', null],
])('%s', (text, expected) => {
  expect(parseVersionPolicy(text)).toEqual(expected);
});

const promoted = { runId: 'b', identifier: 'lte' };
const newest = ['d', 'c', 'b', 'a'];

it.each([
  ['latest: the promoted one', 'latest', { promoted, newest: [] }, '', ['b', []]],
  ['latest, nothing promoted', 'latest', { promoted: null, newest }, '', [null, []]],
  ['latest, of another name', 'latest', { promoted, newest }, 'other', [null, []]],
  ['latest, of its own name', 'latest', { promoted, newest }, 'lte', ['b', []]],
  ['pinned: whatever is promoted', `pinned:${RUN}`, { promoted, newest }, 'other', [RUN, []]],
  ['newest: the promoted one stays the main one', 'newest:2', { promoted, newest }, '', ['b', ['d', 'c']]],
  ['newest: the promoted one may be among them', 'newest:3', { promoted, newest }, '', ['b', ['d', 'c']]],
  ['newest: nothing promoted, the newest is', 'newest:2', { promoted: null, newest }, '', ['d', ['c']]],
  ['newest: nothing at all', 'newest:2', { promoted: null, newest: [] }, '', [null, []]],
] as const)('%s', (_name, policy, view, identifier, [main, beside]) => {
  const wanted = wantedVersions(parseVersionPolicy(policy)!, view, identifier);
  expect([wanted.main, wanted.beside]).toEqual([main, beside]);
  expect(wanted.reason === null).toBe(main !== null);
});
