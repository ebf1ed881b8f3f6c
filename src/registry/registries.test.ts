import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { FakeMlflowServer } from '../../test/support/fake-mlflow-server.js';
import { FakeS3Server } from '../../test/support/fake-s3-server.js';
import { registryContract } from '../../test/support/registry-contract.js';
import type { ModelRegistry } from './model-registry.js';
import { openRegistry, type RegistryAccess } from './open-registry.js';

const KEYS = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_EC2_METADATA_DISABLED: 'true' };

let folder = '';
let s3: FakeS3Server;
let mlflow: FakeMlflowServer;
const opened: ModelRegistry[] = [];

function open(uri: string): ModelRegistry {
  const access: RegistryAccess = {
    s3: { endpointUrl: s3.url, region: '' },
    mlflow: { trackingUri: mlflow.url, username: '', password: '', token: '' },
    cache: { folder: join(folder, 'cache'), maxBytes: 1e9, holds: true },
  };
  const registry = openRegistry(uri, access);
  opened.push(registry);
  return registry;
}

beforeAll(async () => {
  Object.assign(process.env, KEYS);
  folder = await mkdtemp(join(tmpdir(), 'flts-registries-'));
  s3 = await FakeS3Server.start();
  mlflow = await FakeMlflowServer.start();
});
afterAll(async () => {
  for (const registry of opened) registry.close?.();
  await s3.stop();
  await mlflow.stop();
  await rm(folder, { recursive: true });
});

describe('a registry in a folder', () => {
  registryContract(() => open(`dir:${join(folder, 'registry')}`));
});

describe('a registry on S3', () => {
  registryContract(() => open('s3://models/flts'));
});

describe('a registry on MLflow', () => {
  registryContract(() => open('mlflow:models:/lte@champion'), { identifier: 'lte' });
});

describe('a registry on MLflow whose artifacts are on S3', () => {
  registryContract(
    () => {
      mlflow.artifactRoot = 's3://artifacts/mlflow';
      return open('models:/direct');
    },
    { identifier: 'direct' },
  );
});
