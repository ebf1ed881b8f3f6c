/** `flts models rollback` and `flts models prune` on remote registries, under a service that serves from them. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ModelRegistry, openRegistry } from '../../src/registry/index.js';
import { FakeMlflowServer } from '../support/fake-mlflow-server.js';
import { FakeS3Server } from '../support/fake-s3-server.js';
import { fixtureBundle, payload, temporaryFolder } from '../support/fixture-registry.js';
import { PROMOTE } from '../support/registry-contract.js';
import { type Finished, MAIN, run } from '../support/run-flts.js';
import { post, serve, type TestService, until } from '../support/running-service.js';

const KEYS = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_EC2_METADATA_DISABLED: 'true' };
const SOURCES = [
  ['S3', 's3://models/lte', 'mlflow-artifacts:/0'],
  ['MLflow', 'mlflow:models:/lte@champion', 'mlflow-artifacts:/0'],
  ['MLflow with its artifacts on S3', 'models:/direct', 's3://artifacts/mlflow'],
] as const;

let s3: FakeS3Server;
let mlflow: FakeMlflowServer;
let service: TestService | null = null;
const opened: ModelRegistry[] = [];

beforeAll(async () => {
  Object.assign(process.env, KEYS);
  s3 = await FakeS3Server.start();
  mlflow = await FakeMlflowServer.start();
});
afterEach(async () => {
  await service?.stop();
  service = null;
});
afterAll(async () => {
  for (const registry of opened) registry.close?.();
  await s3.stop();
  await mlflow.stop();
});

function open(uri: string): ModelRegistry {
  const registry = openRegistry(uri, {
    s3: { endpointUrl: s3.url, region: '' },
    mlflow: { trackingUri: mlflow.url, username: '', password: '', token: '' },
    cache: { folder: join(temporaryFolder(), 'cache'), maxBytes: 1e9, holds: false },
  });
  opened.push(registry);
  return registry;
}

function models(uri: string, ...args: string[]): Promise<Finished> {
  const env = {
    ...KEYS,
    MLFLOW_TRACKING_URI: mlflow.url,
    MLFLOW_S3_ENDPOINT_URL: s3.url,
    FLTS_MODEL_CACHE_FOLDER: temporaryFolder(),
  };
  return run(process.execPath, [MAIN, 'models', ...args, '--registry', uri], { env });
}

/** Versions from the newest to the oldest; their run ids. */
async function written(registry: ModelRegistry, names: readonly string[]): Promise<string[]> {
  const runIds: string[] = [];
  for (const name of names.toReversed()) {
    const { bundle, model } = await fixtureBundle({ name: `${registry.uri} ${name}` });
    await registry.write({ ...bundle, created: `2024-01-0${names.length - names.indexOf(name)}T00:00:00Z` }, model);
    runIds.unshift(bundle.run_id);
  }
  return runIds;
}

async function started(uri: string): Promise<TestService> {
  const flags = { s3EndpointUrl: s3.url, mlflowTrackingUri: mlflow.url, modelCacheFolder: temporaryFolder() };
  service = await serve(uri, flags);
  return service;
}

it('what another alias points to is somebody else’s current version: it is not pruned', async () => {
  const [uri, registry] = ['mlflow:models:/shared@champion', open('models:/shared')];
  const [a, b, c, d] = (await written(registry, ['a', 'b', 'c', 'd'])) as [string, string, string, string];
  await registry.promote(a, PROMOTE);
  await open('models:/shared@challenger').promote(c, PROMOTE);
  const one = await started('models:/shared@challenger');
  const { code, stdout, stderr } = await models(uri, 'prune', '--keep', '1');
  expect([code, stderr, stdout]).toEqual([0, '', `removed   ${d}\nremoved   ${b}\n2 of 4 versions stay\n`]);
  expect((await open('models:/shared@challenger').readPointer())?.run_id).toBe(c);
  expect((await post(one, payload())).json['run_id']).toBe(c);
});

describe.each(SOURCES)('a registry on %s', (_name, uri, artifactRoot) => {
  it('is pruned and rolled back, and the service loses nothing', async () => {
    mlflow.artifactRoot = artifactRoot;
    const registry = open(uri);
    const [a, b, c, d, e] = (await written(registry, ['a', 'b', 'c', 'd', 'e'])) as [
      string,
      string,
      string,
      string,
      string,
    ];
    await registry.promote(e, PROMOTE);
    await registry.promote(c, PROMOTE);
    const one = await started(uri);
    const asked = async (): Promise<unknown[]> => {
      const { status, json } = await post(one, payload());
      return [status, json['run_id']];
    };
    expect(await asked()).toEqual([200, c]);

    const tried = await models(uri, 'prune', '--keep', '1', '--dry-run', '--json');
    expect(JSON.parse(tried.stdout), tried.stderr).toEqual({ removed: [d, b], kept: [a, c, e] });
    expect(await open(uri).list()).toHaveLength(5);
    const pruned = await models(uri, 'prune', '--keep', '1');
    expect([pruned.code, pruned.stderr]).toEqual([0, '']);
    expect((await open(uri).list()).map(({ runId }) => runId)).toEqual([a, c, e]);
    expect(await asked()).toEqual([200, c]);

    const back = await models(uri, 'rollback');
    expect([back.code, back.stderr]).toEqual([0, '']);
    expect(back.stdout).toContain(`from run ${c} to LSTM of run ${e}`);
    await until(() => one.stats().current_run_id === e, 'the one before serves');
    expect(await asked()).toEqual([200, e]);
    expect(await registry.readPointer()).toMatchObject({ run_id: e, rolled_back_from: c });
    const none = await models(uri, 'rollback');
    expect([none.code, none.stderr]).toEqual([4, expect.stringMatching(/knows of no version that was current before/)]);
    await until(() => one.stats().reason === null, 'the look has ended');
    expect(one.log.events.filter(({ level }) => level !== 'info')).toEqual([]);
  });
});
