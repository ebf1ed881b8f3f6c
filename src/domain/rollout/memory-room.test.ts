import { expect, it } from 'vitest';
import { lackOfMemory } from './memory-room.js';

const MIB = 1024 * 1024;

it.each([
  [{ neededBytes: 10 * MIB, availableBytes: 15 * MIB, reserveBytes: 5 * MIB }, true],
  [{ neededBytes: 10 * MIB, availableBytes: 15 * MIB - 1, reserveBytes: 5 * MIB }, false],
  [{ neededBytes: 10 * MIB, availableBytes: null, reserveBytes: 5 * MIB }, true],
])('%j fits: %s', (snapshot, fits) => {
  expect(lackOfMemory(snapshot) === null).toBe(fits);
});

it('says in figures what is missing', () => {
  expect(lackOfMemory({ neededBytes: 100 * MIB, availableBytes: 90 * MIB, reserveBytes: 64 * MIB })).toBe(
    'it needs about 100 MiB, and 64 MiB must stay free, but only 90 MiB are left',
  );
});
