import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ModelRegistry, openRegistry, S3ObjectStore } from '../../src/registry/index.js';
import { fixtureBundle } from '../support/fixture-registry.js';
import { interopPython, runPython } from '../support/interop-python.js';
import { type InteropServer, S3_KEYS, startMlflow, startRclone } from '../support/interop-servers.js';
import { objectStoreContract } from '../support/object-store-contract.js';
import { registryContract } from '../support/registry-contract.js';

const python = interopPython();
// A tracking server makes about ten writes a second, less on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

describe.skipIf(python === null)('against real servers', () => {
  let folder = '';
  let s3: InteropServer;
  let proxied: InteropServer;
  let direct: InteropServer;
  const opened: { close?(): void }[] = [];

  beforeAll(async () => {
    Object.assign(process.env, S3_KEYS);
    folder = await mkdtemp(join(tmpdir(), 'flts-interop-'));
    for (const bucket of ['models', 'artifacts']) await mkdir(join(folder, 's3', bucket), { recursive: true });
    s3 = await startRclone(python!, join(folder, 's3'));
    const artifacts = { uri: 's3://artifacts/mlflow', direct: true, s3Url: s3.url };
    [proxied, direct] = await Promise.all([
      startMlflow(python!, join(folder, 'proxied')),
      startMlflow(python!, join(folder, 'direct'), artifacts),
    ]);
  }, 240_000);
  afterAll(async () => {
    for (const one of opened) one.close?.();
    for (const server of [proxied, direct, s3]) await server.stop();
    await rm(folder, { recursive: true });
  });

  const open = (uri: string, tracking: InteropServer | null): ModelRegistry => {
    const registry = openRegistry(uri, {
      s3: { endpointUrl: s3.url, region: '' },
      mlflow: { trackingUri: tracking?.url ?? '', username: '', password: '', token: '' },
      cache: { folder: join(folder, 'cache'), maxBytes: 1e9, holds: true },
    });
    opened.push(registry);
    return registry;
  };

  describe('an object store on rclone’s S3', () => {
    let count = 0;
    // rclone takes no notice of conditional writes.
    objectStoreContract(() => {
      const store = new S3ObjectStore(`s3://models/store-${count++}`, { endpointUrl: s3.url, region: '' });
      opened.push(store);
      return store;
    }, false);
  });

  describe('a registry on rclone’s S3', () => {
    // rclone writes into the object that readers see, and two writers at once into each other.
    registryContract(() => open('s3://models/flts', null), { replacesWhole: false });
  });

  describe('a registry on MLflow, artifacts through its server', () => {
    registryContract(() => open('mlflow:models:/lte@champion', proxied), { identifier: 'lte' });
  });

  describe('a registry on MLflow, artifacts straight on S3', () => {
    registryContract(() => open('models:/lte', direct), { identifier: 'lte' });
  });

  describe.each(['through its server', 'straight on S3'])('a model that MLflow’s own client logged, %s', (way) => {
    let runId = '';
    let logged: Record<'foreign' | 'whole', { run: string; model: string }>;
    const server = (): InteropServer => (way === 'straight on S3' ? direct : proxied);

    beforeAll(async () => {
      const { bundle, model } = await fixtureBundle({ name: way });
      runId = bundle.run_id;
      const bundleFolder = join(folder, `bundle ${way}`);
      await mkdir(bundleFolder);
      await writeFile(join(bundleFolder, 'model.onnx'), model);
      await writeFile(join(bundleFolder, 'bundle.json'), JSON.stringify(bundle));
      const said = runPython(python!, ['test/interop/log_model.py', server().url, s3.url, bundleFolder]);
      logged = JSON.parse(said.trim().split('\n').at(-1)!) as typeof logged;
    });

    it.each<[string, (one: { run: string; model: string }) => string]>([
      ['by its run', ({ run }) => `mlflow:runs:/${run}/model`],
      ['by its id', ({ model }) => `mlflow:models:/${model}`],
      ['as a registered version', () => 'models:/logged/1'],
      ['by its alias', () => 'models:/logged@champion'],
      ['copied to another name', () => 'models:/copied@champion'],
    ])('is found %s', async (_name, uriOf) => {
      const registry = open(uriOf(logged.whole), server());
      expect(await registry.readPointer()).toMatchObject({ run_id: runId });
      expect((await registry.fetchBundle(runId)).bundle.run_id).toBe(runId);
      expect((await registry.list()).map((entry) => entry.runId)).toEqual([runId]);
    });

    it.each<[string, (one: { run: string; model: string }) => string]>([
      ['by its run', ({ run }) => `mlflow:runs:/${run}/model`],
      ['by its id', ({ model }) => `mlflow:models:/${model}`],
    ])('and has no bundle is not served, and what to do is said: %s', async (_name, uriOf) => {
      const refused = open(uriOf(logged.foreign), server()).readPointer();
      await expect(refused).rejects.toMatchObject({
        code: 'FLTS_BUNDLE_CORRUPT',
        message: expect.stringContaining('has no bundle.json: it was not logged by flts') as string,
        remedy: expect.stringContaining('flts models import') as string,
      });
    });

    it('is not pruned while an alias points to it', async () => {
      expect(await open('models:/logged@other', server()).aliasedRunIds?.()).toEqual([runId]);
    });

    it('that is not there is said', async () => {
      const uri = `mlflow:models:/m-${'0'.repeat(32)}`;
      await expect(open(uri, server()).readPointer()).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
    });
  });
});
