import { expect, it } from 'vitest';
import { AvailableMemory } from './available-memory.js';

const MEMINFO = 'MemTotal:       4000 kB\nMemAvailable:   1000 kB\n';
const GROUP = '/sys/fs/cgroup/app';
const V2 = {
  '/proc/self/cgroup': '0::/app\n',
  '/sys/fs/cgroup/cgroup.controllers': 'memory',
  [`${GROUP}/memory.current`]: '900000\n',
  [`${GROUP}/memory.stat`]: 'anon 500000\ninactive_file 300000\n',
};
const V1 = {
  '/proc/self/cgroup': '4:memory:/app\n',
  '/sys/fs/cgroup/memory/app/memory.usage_in_bytes': '900000\n',
  '/sys/fs/cgroup/memory/app/memory.limit_in_bytes': '1000000\n',
  '/sys/fs/cgroup/memory/app/memory.stat': 'inactive_file 7\ntotal_inactive_file 200000\n',
};

it.each<[string, Record<string, string>, number | null]>([
  ['a machine without groups', { '/proc/meminfo': MEMINFO }, 1_024_000],
  ['a group without a limit', { ...V2, '/proc/meminfo': MEMINFO, [`${GROUP}/memory.max`]: 'max\n' }, 1_024_000],
  [
    'a group with a limit, version 2',
    { ...V2, '/proc/meminfo': MEMINFO, [`${GROUP}/memory.max`]: '1000000\n' },
    400_000,
  ],
  ['a group with a limit, version 1', { ...V1, '/proc/meminfo': MEMINFO }, 300_000],
  ['a group that is over its limit', { ...V2, [`${GROUP}/memory.max`]: '100000\n' }, 0],
  [
    'a limit above what the machine has',
    { ...V2, '/proc/meminfo': MEMINFO, [`${GROUP}/memory.max`]: '90000000\n' },
    1_024_000,
  ],
  ['a platform that does not tell', {}, null],
])('%s', async (_name, files, expected) => {
  const memory = new AvailableMemory((path) => Promise.resolve(files[path] ?? null));
  expect(await memory.availableBytes()).toBe(expected);
});

it('is something on this machine, or nothing is known', async () => {
  const bytes = await new AvailableMemory().availableBytes();
  expect(bytes === null || bytes > 0).toBe(true);
});
