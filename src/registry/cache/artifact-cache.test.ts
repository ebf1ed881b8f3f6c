import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleFor, freshRunId } from '../../../test/support/registry-contract.js';
import { smallDisk } from '../../../test/support/small-disk.js';
import type { FetchedBundle } from '../../serving/ports.js';
import { bundleText } from '../bundle-files.js';
import { ArtifactCache } from './artifact-cache.js';

const SOURCE = '0123456789abcdef';
const MODEL = new Uint8Array(100_000).fill(7);
const HOUR_MS = 3_600_000;

let folder = '';
let nowMs = Date.now();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flts-cache-'));
  nowMs = Date.now();
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function cacheOf(maxBytes = 1e9, holds = true, at = folder): ArtifactCache {
  return new ArtifactCache({ folder: at, maxBytes, holds, nowMs: () => nowMs });
}

async function add(cache: ArtifactCache, runId: string, model = MODEL): Promise<FetchedBundle> {
  const text = bundleText(bundleFor(runId, {}, MODEL));
  return await cache.add(SOURCE, runId, text, 'the source', (path) => writeFile(path, model, { flag: 'wx' }));
}

it('gives back what was added, and has nothing else', async () => {
  const [cache, runId] = [cacheOf(), freshRunId()];
  expect(await cache.find(SOURCE, runId)).toBeNull();
  const added = await add(cache, runId);
  expect(await cacheOf().find(SOURCE, runId)).toEqual(added);
  expect(new Uint8Array(await readFile(added.modelPath))).toEqual(MODEL);
  expect(await readdir(folder)).toEqual([SOURCE]);
});

it.each(['model.onnx', 'bundle.json', 'bundle.sha256'])(
  'does not give out an entry with a flipped bit in %s',
  async (name) => {
    const [cache, runId] = [cacheOf(), freshRunId()];
    const path = join((await add(cache, runId)).modelPath, '..', name);
    const bytes = await readFile(path);
    bytes[20]! ^= 1;
    await writeFile(path, bytes);
    expect(await cache.find(SOURCE, runId)).toBeNull();
    await add(cache, runId);
    expect(await cache.find(SOURCE, runId)).not.toBeNull();
  },
);

it('takes in nothing that is not whole, and leaves no part of it', async () => {
  const cache = cacheOf();
  await expect(add(cache, freshRunId(), MODEL.slice(1))).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
  const broken = cache.add(SOURCE, freshRunId(), '{', 'the source', () => Promise.resolve());
  await expect(broken).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
  expect(await readdir(join(folder, SOURCE))).toEqual([]);
});

it('is shared: two that fetch the same version at once both get it', async () => {
  const runId = freshRunId();
  const both = await Promise.all([add(cacheOf(), runId), add(cacheOf(), runId)]);
  for (const fetched of both) expect(new Uint8Array(await readFile(fetched.modelPath))).toEqual(MODEL);
  expect(await readdir(join(folder, SOURCE))).toEqual([runId]);
});

it('keeps its bound by evicting the longest unused', async () => {
  const cache = cacheOf(350_000);
  const [a, b, c, d] = [freshRunId(), freshRunId(), freshRunId(), freshRunId()];
  for (const runId of [a, b, c]) {
    await add(cache, runId);
    nowMs += HOUR_MS;
  }
  await cache.find(SOURCE, a);
  nowMs += HOUR_MS;
  await add(cache, d);
  expect((await readdir(join(folder, SOURCE))).toSorted()).toEqual([a, c, d].toSorted());
});

it('never evicts what a service says that it holds; what comes is refused with a sentence', async () => {
  const [service, command] = [cacheOf(350_000), cacheOf(350_000, false)];
  const held = [freshRunId(), freshRunId(), freshRunId()];
  for (const runId of held) await add(service, runId);
  nowMs += HOUR_MS;
  await service.holdOn();
  await expect(add(command, freshRunId())).rejects.toMatchObject({
    code: 'FLTS_CANNOT_WRITE',
    message: expect.stringContaining('is full') as string,
  });
  expect((await readdir(join(folder, SOURCE))).toSorted()).toEqual(held.toSorted());
  expect(await readdir(folder)).toEqual([SOURCE]);
});

it('lets a command fetch more than fits, one after the other', async () => {
  const command = cacheOf(350_000, false);
  for (let i = 0; i < 6; i++) await add(command, freshRunId());
  expect(await readdir(join(folder, SOURCE))).toHaveLength(3);
});

it('evicts entries whose time lies ahead, after the clock was set back', async () => {
  const cache = cacheOf(250_000);
  for (const runId of [freshRunId(), freshRunId()]) {
    await add(cache, runId);
    await utimes(join(folder, SOURCE, runId), (nowMs + HOUR_MS) / 1000, (nowMs + HOUR_MS) / 1000);
  }
  await add(cache, freshRunId());
  expect(await readdir(join(folder, SOURCE))).toHaveLength(2);
});

it('remembers what served last, and forgets it when it is damaged or gone', async () => {
  const [cache, runId] = [cacheOf(), freshRunId()];
  expect(await cache.recall(SOURCE)).toBeNull();
  const pointer = {
    identifier: 'lte',
    config_hash: '',
    run_id: runId,
    model_type: 'RIDGE',
    experiment: '',
    model_uri: '',
    rmse: 1,
    mae: 1,
    mse: 1,
    score: 1,
    timestamp: '',
    weights: { rmse: 1, mae: 1, mse: 1 },
  };
  await cache.remember(SOURCE, pointer);
  expect(await cache.recall(SOURCE)).toBeNull();
  await add(cache, runId);
  expect(await cacheOf().recall(SOURCE)).toEqual(pointer);
  await writeFile(join(folder, SOURCE, 'served.json'), '{"run_id":');
  expect(await cache.recall(SOURCE)).toBeNull();
});

it.each(['../../etc', '', 'A'.repeat(32)])('has no place for the run id %j', async (runId) => {
  await expect(cacheOf().find(SOURCE, runId)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
  await expect(cacheOf().recall('../..')).rejects.toThrow('is no name of a source');
});

const disk = smallDisk(512, 'a cache on a disk that is full or read-only');
describe.skipIf(disk === null)('on a disk that takes no more', () => {
  const at = disk?.folder ?? '';
  const opened = (holds = true): ArtifactCache => cacheOf(1e9, holds, at);
  const entries = async (): Promise<string[]> => (await readdir(join(at, SOURCE))).toSorted();
  afterEach(async () => {
    for (const name of await readdir(at)) await rm(join(at, name), { recursive: true });
  });
  afterAll(() => {
    disk?.unmount();
  });

  it.each([
    ['full', (on: boolean) => (on ? disk?.fill() : disk?.free()), 'the disk is full'],
    ['read-only', (on: boolean) => disk?.setReadOnly(on), 'the file system is read-only'],
  ])('%s: what is there is served, what comes is refused with a sentence until there is room', async (_, set, why) => {
    const [service, old, next] = [opened(), freshRunId(), freshRunId()];
    const added = await add(service, old);
    nowMs += HOUR_MS;
    await service.holdOn();
    set(true);
    try {
      for (const cache of [service, opened(), opened(false)]) expect(await cache.find(SOURCE, old)).toEqual(added);
      for (let i = 0; i < 2; i++) {
        await expect(add(service, next)).rejects.toMatchObject({
          code: 'FLTS_CANNOT_WRITE',
          message: `Cannot write ${join(at, SOURCE, next)}: ${why}.`,
        });
        expect(await entries()).toEqual([old]);
        expect((await readdir(at)).filter((name) => name.startsWith('.tmp'))).toEqual([]);
      }
    } finally {
      set(false);
    }
    await add(service, next);
    expect(await entries()).toEqual([old, next].toSorted());
  });

  it('full of versions that nobody uses: the longest unused go', async () => {
    const [cache, runIds] = [opened(), [freshRunId(), freshRunId(), freshRunId(), freshRunId()]];
    for (const runId of runIds) {
      await add(cache, runId);
      nowMs += HOUR_MS;
    }
    const [held, next] = [runIds[0]!, freshRunId()];
    await cache.find(SOURCE, held);
    await add(cache, next);
    expect(await entries()).toEqual([held, ...runIds.slice(2), next].toSorted());
  });

  it('a damaged entry that cannot be removed is named', async () => {
    const [cache, runId] = [opened(), freshRunId()];
    await writeFile((await add(cache, runId)).modelPath, 'damaged');
    disk?.setReadOnly(true);
    const found = cache.find(SOURCE, runId);
    await expect(found)
      .rejects.toMatchObject({
        code: 'FLTS_CANNOT_WRITE',
        message: `Cannot write ${join(at, SOURCE, runId)}: the file system is read-only.`,
      })
      .finally(() => disk?.setReadOnly(false));
  });
});
