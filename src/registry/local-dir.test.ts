import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleFor } from '../../test/support/registry-contract.js';
import type { Bundle } from '../contract/index.js';
import type { ModelRegistry, PromoteOptions } from './model-registry.js';
import { openRegistry } from './open-registry.js';
import { verifyGolden } from './verify-bundle.js';

const MODEL = new TextEncoder().encode('a model');
const RUN = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);

function bundleOf(runId: string, overrides: Partial<Bundle> = {}): Bundle {
  return bundleFor(runId, overrides, MODEL);
}

const PROMOTE: PromoteOptions = {
  identifier: 'default',
  experiment: 'default',
  force: false,
  timestamp: '2024-01-02T00:00:00.000Z',
};

describe('a registry in a folder', () => {
  let root = '';
  let registry: ModelRegistry;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'flts-registry-'));
    registry = openRegistry(`dir:${root}`);
  });
  afterEach(async () => {
    await rm(root, { recursive: true });
  });
  const modelFile = (): string => join(root, 'models', RUN, 'model.onnx');
  const bundleFile = (): string => join(root, 'models', RUN, 'bundle.json');

  it('is empty before it exists', async () => {
    const none = openRegistry(join(root, 'not', 'there'));
    expect(await none.readPointer()).toBeNull();
    expect(await none.list()).toEqual([]);
    await expect(none.readBundle(RUN)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
  });

  it('gives back what was written, and leaves nothing else behind', async () => {
    await registry.write(bundleOf(RUN), MODEL);
    const { bundle, modelPath } = await registry.fetchBundle(RUN);
    expect(bundle).toEqual(bundleOf(RUN));
    expect(new Uint8Array(await readFile(modelPath))).toEqual(MODEL);
    expect(await readdir(join(root, 'models'))).toEqual([RUN]);
  });

  it('never replaces a version', async () => {
    await registry.write(bundleOf(RUN), MODEL);
    await expect(registry.write(bundleOf(RUN), MODEL)).rejects.toMatchObject({
      code: 'FLTS_CANNOT_WRITE',
      message: expect.stringContaining('it is there already') as string,
    });
    expect(await readdir(join(root, 'models'))).toEqual([RUN]);
  });

  it('says in a sentence when it cannot write', async () => {
    await writeFile(join(root, 'models'), 'a file where the folder should be');
    await expect(registry.write(bundleOf(RUN), MODEL)).rejects.toMatchObject({ code: 'FLTS_CANNOT_WRITE' });
  });

  it('lists the newest first, an ensemble before its members, damaged ones last', async () => {
    const members = [{ name: 'ridge', run_id: RUN }];
    await registry.write(bundleOf(RUN), MODEL);
    await registry.write(bundleOf(OTHER, { members }), MODEL);
    await registry.write(bundleOf('c'.repeat(32), { created: '2025-01-01T00:00:00.000Z' }), MODEL);
    await mkdir(join(root, 'models', 'd'.repeat(32)));
    await registry.promote(OTHER, PROMOTE);
    const entries = await registry.list();
    expect(entries.map(({ runId, current }) => [runId[0], current])).toEqual([
      ['c', false],
      ['b', true],
      ['a', false],
      ['d', false],
    ]);
    expect(entries[3]).toMatchObject({ bundle: null, problem: expect.stringContaining('no bundle.json') as string });
  });

  it('refuses a model with another digest, or none', async () => {
    await registry.write(bundleOf(RUN), MODEL);
    await writeFile(modelFile(), 'another model');
    await expect(registry.fetchBundle(RUN)).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
    await expect(registry.promote(RUN, PROMOTE)).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
    await rm(modelFile());
    await expect(registry.fetchBundle(RUN)).rejects.toThrow('model.onnx is missing');
    expect(await registry.readPointer()).toBeNull();
  });

  it.each([
    ['{', 'it is not JSON'],
    ['{}', 'is damaged'],
    [JSON.stringify({ ...bundleOf(RUN), lookback: 3 }), 'golden.window has 2 entries, expected 3'],
    [JSON.stringify(bundleOf(OTHER)), 'says that it is of run'],
  ])('refuses the bundle %#', async (text, message) => {
    await registry.write(bundleOf(RUN), MODEL);
    await writeFile(bundleFile(), text);
    await expect(registry.readBundle(RUN)).rejects.toThrow(message);
  });

  it('refuses a bundle of a newer version', async () => {
    await registry.write(bundleOf(RUN), MODEL);
    await writeFile(bundleFile(), JSON.stringify({ schema_version: 99 }));
    await expect(registry.readBundle(RUN)).rejects.toMatchObject({ code: 'FLTS_BUNDLE_VERSION' });
  });

  it.each(['../../etc', 'A'.repeat(32), '', 'a'])('takes %j for no run id', async (text) => {
    await expect(registry.readBundle(text)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
  });

  it('promotes what beats persistence', async () => {
    await registry.write(bundleOf(RUN), MODEL);
    const pointer = await registry.promote(RUN, PROMOTE);
    expect(pointer).toEqual({
      identifier: 'default',
      config_hash: 'c0ffee',
      run_id: RUN,
      model_type: 'RIDGE',
      experiment: 'default',
      model_uri: `models/${RUN}`,
      rmse: 0.3,
      mae: 0.2,
      mse: 0.1,
      score: 0.4,
      timestamp: PROMOTE.timestamp,
      weights: { rmse: 0.5, mae: 0.3, mse: 0.2 },
    });
    expect(await registry.readPointer()).toEqual(pointer);
  });

  it('promotes what does not only by force, and records it', async () => {
    const accuracy = { ...bundleOf(RUN).accuracy, relative_mae: 1.2 };
    await registry.write(bundleOf(RUN, { accuracy }), MODEL);
    await expect(registry.promote(RUN, PROMOTE)).rejects.toMatchObject({ code: 'FLTS_PROMOTION_REFUSED' });
    expect(await registry.readPointer()).toBeNull();
    expect(await registry.promote(RUN, { ...PROMOTE, force: true })).toMatchObject({ forced: true });
  });

  it('shows readers a whole pointer while two promote at once', async () => {
    await registry.write(bundleOf(RUN), MODEL);
    await registry.write(bundleOf(OTHER), MODEL);
    await registry.promote(RUN, PROMOTE);
    let promoting = true;
    const promoter = async (runId: string): Promise<void> => {
      for (let i = 0; i < 30; i++) await openRegistry(root).promote(runId, PROMOTE);
    };
    const reader = async (): Promise<number> => {
      let reads = 0;
      while (promoting) {
        expect([RUN, OTHER]).toContain((await registry.readPointer())?.run_id);
        reads++;
      }
      return reads;
    };
    const reading = reader();
    await Promise.all([promoter(RUN), promoter(OTHER)]);
    promoting = false;
    expect(await reading).toBeGreaterThan(0);
    expect((await readdir(root)).toSorted()).toEqual(['current.json', 'models']);
  });

  it('refuses a pointer that is none', async () => {
    await writeFile(join(root, 'current.json'), '{"run_id": 3}');
    await expect(registry.readPointer()).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
  });

  it('removes what a killed process left behind a day ago, not what another is writing now', async () => {
    const models = join(root, 'models');
    await mkdir(join(models, '.tmp-old'), { recursive: true });
    await mkdir(join(models, '.tmp-new'));
    const longAgo = new Date(Date.now() - 25 * 3600 * 1000);
    await utimes(join(models, '.tmp-old'), longAgo, longAgo);
    await registry.write(bundleOf(RUN), MODEL);
    expect((await readdir(models)).toSorted()).toEqual(['.tmp-new', RUN]);
    expect((await registry.list()).map(({ runId }) => runId)).toEqual([RUN]);
  });

  it('replays the golden window through an injected runner', async () => {
    await registry.write(bundleOf(RUN), MODEL);
    const fetched = await registry.fetchBundle(RUN);
    await verifyGolden(fetched, (_, window) => Promise.resolve(Float32Array.of(window[0]! + window[1]!)));
    await expect(verifyGolden(fetched, () => Promise.resolve(Float32Array.of(3.1)))).rejects.toThrow(
      /answers its golden window with 3\.09.* at step 1 of 'a', recorded was 3/,
    );
    await expect(verifyGolden(fetched, () => Promise.resolve(Float32Array.of()))).rejects.toMatchObject({
      code: 'FLTS_GOLDEN_MISMATCH',
    });
  });
});

describe('openRegistry', () => {
  it('takes a path for a folder, and refuses kinds that it does not know', () => {
    expect(openRegistry('./models').uri).toBe('./models');
    for (const uri of ['http://models', 'dir:', '']) {
      expect(() => openRegistry(uri)).toThrow('is not of a kind that this flts knows');
    }
  });
});
