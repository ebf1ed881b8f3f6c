import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { type ModelRegistry, openRegistry, S3ObjectStore } from '../../src/registry/index.js';
import { interopPython } from '../support/interop-python.js';
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
    registryContract(() => open('s3://models/flts', null));
  });

  describe('a registry on MLflow, artifacts through its server', () => {
    registryContract(() => open('mlflow:models:/lte@champion', proxied), 'lte');
  });

  describe('a registry on MLflow, artifacts straight on S3', () => {
    registryContract(() => open('models:/lte', direct), 'lte');
  });
});
