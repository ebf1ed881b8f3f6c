import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeMlflowServer } from '../../../test/support/fake-mlflow-server.js';
import { FakeS3Server, refuse } from '../../../test/support/fake-s3-server.js';
import { bundleFor, freshRunId, PROMOTE } from '../../../test/support/registry-contract.js';
import { smallDisk } from '../../../test/support/small-disk.js';
import type { ModelRegistry } from '../model-registry.js';
import { openRegistry } from '../open-registry.js';

const MODEL = new TextEncoder().encode('a model');
const KEYS = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 'hush-s3', AWS_EC2_METADATA_DISABLED: 'true' };
const LOGIN = { username: 'ann', password: 'hush-password', token: '' };

let folder = '';
let s3: FakeS3Server;
let mlflow: FakeMlflowServer;
let opened: ModelRegistry[] = [];

beforeAll(async () => {
  Object.assign(process.env, KEYS);
  s3 = await FakeS3Server.start();
  mlflow = await FakeMlflowServer.start();
});
afterAll(async () => {
  await s3.stop();
  await mlflow.stop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flts-faults-'));
  s3.objects.clear();
});
afterEach(async () => {
  for (const registry of opened) registry.close?.();
  opened = [];
  s3.fault = () => false;
  mlflow.fault = () => false;
  await rm(folder, { recursive: true });
});

function open(uri: string, cache = join(folder, 'cache')): ModelRegistry {
  const registry = openRegistry(uri, {
    s3: { endpointUrl: s3.url, region: '' },
    mlflow: { trackingUri: mlflow.url, ...LOGIN },
    cache: { folder: cache, maxBytes: 1e9, holds: true },
  });
  opened.push(registry);
  return registry;
}

describe('a registry on S3', () => {
  const keyOf = (runId: string, name: string): string => `/models/models/${runId}/${name}`;

  it.each([
    ['model.onnx', 'truncated', (body: Buffer) => body.subarray(0, -1)],
    ['model.onnx', 'bit-flipped', (body: Buffer) => Buffer.from(body.map((byte, i) => (i === 3 ? byte ^ 4 : byte)))],
    ['bundle.json', 'truncated', (body: Buffer) => body.subarray(0, -9)],
    [
      'bundle.json',
      'bit-flipped',
      (body: Buffer) => Buffer.from(body.toString().replace('"score":0.4', '"score":0.5')),
    ],
  ])('refuses a %s that is %s, keeps no part of it, and takes it once it is mended', async (name, _, change) => {
    const runId = freshRunId();
    await open('s3://models').write(bundleFor(runId), MODEL);
    const whole = s3.objects.get(keyOf(runId, name))!;
    s3.damage(keyOf(runId, name), change);
    const registry = open('s3://models');
    await expect(registry.fetchBundle(runId)).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
    const left = await readdir(join(folder, 'cache'), { recursive: true }).catch(() => []);
    expect(left.filter((path) => path.includes(runId) || path.includes('.tmp'))).toEqual([]);
    s3.objects.set(keyOf(runId, name), whole);
    expect((await registry.fetchBundle(runId)).bundle.run_id).toBe(runId);
  });

  it('refuses a half-written pointer, and reads the next one', async () => {
    const [registry, runId] = [open('s3://models'), freshRunId()];
    await registry.write(bundleFor(runId), MODEL);
    const pointer = await registry.promote(runId, PROMOTE);
    s3.damage('/models/current.json', (body) => body.subarray(0, 40));
    await expect(registry.readPointer()).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
    await expect(registry.readPointer()).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
    await open('s3://models').promote(runId, PROMOTE);
    expect(await registry.readPointer()).toEqual(pointer);
  });

  it('asks for a pointer that did not change without its body', async () => {
    const [registry, runId] = [open('s3://models'), freshRunId()];
    await registry.write(bundleFor(runId), MODEL);
    await registry.promote(runId, PROMOTE);
    await registry.readPointer();
    expect(await registry.readPointer()).toMatchObject({ run_id: runId });
    expect(s3.headers.at(-1)).toHaveProperty('if-none-match');
  });

  it('knows both of two promotions that met', async () => {
    const [a, b, c] = [freshRunId(), freshRunId(), freshRunId()];
    for (const runId of [a, b, c]) await open('s3://models').write(bundleFor(runId), MODEL);
    await open('s3://models').promote(a, PROMOTE);
    const [registry, other] = [open('s3://models'), open('s3://models')];
    let isFirst = true;
    let meeting: Promise<unknown> = Promise.resolve();
    s3.fault = ({ method, url = '' }, response) => {
      if (method !== 'PUT' || !url.startsWith('/models/current.json') || !isFirst) return false;
      isFirst = false;
      meeting = other.promote(b, PROMOTE).then(() => {
        refuse(response, 412, 'PreconditionFailed');
      });
      return true;
    };
    const pointer = await registry.promote(c, PROMOTE);
    await meeting;
    expect(pointer.history?.map(({ run_id }) => run_id)).toEqual([b, a]);
  });

  it('serves from the cache while the server fails', async () => {
    const [registry, runId] = [open('s3://models'), freshRunId()];
    await registry.write(bundleFor(runId), MODEL);
    const fetched = await registry.fetchBundle(runId);
    s3.fault = (_, response) => {
      refuse(response, 500, 'InternalError');
      return true;
    };
    expect(await registry.fetchBundle(runId)).toEqual(fetched);
    await expect(registry.readPointer()).rejects.toMatchObject({ code: 'FLTS_SOURCE_DOWN' });
  });
});

describe('a registry on MLflow', () => {
  async function promoted(name: string): Promise<{ registry: ModelRegistry; runId: string }> {
    const [registry, runId] = [open(`models:/${name}`), freshRunId()];
    await registry.write(bundleFor(runId), MODEL);
    await registry.promote(runId, PROMOTE);
    return { registry, runId };
  }

  it.each([
    'file:///etc/passwd',
    'http://127.0.0.1:9/x',
    'mlflow-artifacts://elsewhere:80/a/b',
    'mlflow-artifacts:/../../api/2.0/mlflow/users',
    'mlflow-artifacts:/a/%2e%2e/\u0000',
    's3://user:hush@bucket/a',
    's3://arn:aws:s3:us-east-1:1:accesspoint/a',
    'ftp://host/a',
  ])('does not go to %j', async (source) => {
    const name = `m${freshRunId().slice(0, 8)}`;
    const { runId } = await promoted(name);
    const [version] = mlflow.versions.get(name)!;
    mlflow.versions.set(name, [{ ...version!, source }]);
    const error = (await open(`models:/${name}`, join(folder, 'other'))
      .fetchBundle(runId)
      .catch((e: unknown) => e)) as Error;
    expect(error).toMatchObject({
      code: expect.stringMatching(/^FLTS_(SOURCE_REFUSED|USAGE|BUNDLE_CORRUPT|NO_MODEL)$/) as string,
    });
    expect(error.message).not.toContain('hush');
  });

  it('follows no redirect, and sends its password nowhere else', async () => {
    const other = await FakeMlflowServer.start();
    mlflow.fault = (_, response) => {
      response.writeHead(302, { location: `${other.url}/api/2.0/mlflow/registered-models/alias` }).end();
      return true;
    };
    await expect(open('models:/any').readPointer()).rejects.toMatchObject({ code: 'FLTS_SOURCE_REFUSED' });
    expect(other.requests).toEqual([]);
    await other.stop();
  });

  it('tells nobody its password', async () => {
    mlflow.fault = (_, response) => {
      response.writeHead(401).end('You are not authenticated, ann:hush-password');
      return true;
    };
    const error = (await open('models:/any')
      .readPointer()
      .catch((e: unknown) => e)) as Error;
    expect(error).toMatchObject({ code: 'FLTS_SOURCE_DENIED' });
    expect(JSON.stringify([error.message, error.stack])).not.toContain('hush');
    expect(mlflow.requests.at(-1)?.authorization).toBe(`Basic ${Buffer.from('ann:hush-password').toString('base64')}`);
  });

  it('follows an alias that was moved by other tools', async () => {
    const { registry, runId } = await promoted('moved');
    const next = freshRunId();
    await registry.write(bundleFor(next), MODEL);
    expect(await registry.readPointer()).toMatchObject({ run_id: runId });
    mlflow.aliases.set('moved@champion', '2');
    expect(await registry.readPointer()).toMatchObject({
      run_id: next,
      identifier: 'moved',
      model_uri: 'models:/moved/2',
    });
    expect((await registry.fetchBundle(next)).bundle.run_id).toBe(next);
  });

  it('is pinned to one version, or to one run', async () => {
    const { runId } = await promoted('pinned');
    const [version] = mlflow.versions.get('pinned')!;
    for (const uri of ['mlflow:models:/pinned/1', `mlflow:runs:/${version!.run_id}/model`]) {
      const registry = open(uri);
      expect(await registry.readPointer()).toMatchObject({ run_id: runId });
      expect((await registry.list()).map((entry) => entry.runId)).toEqual([runId]);
      await expect(registry.promote(runId, PROMOTE)).rejects.toMatchObject({ code: 'FLTS_USAGE' });
    }
  });

  it.each([
    'mlflow:',
    'mlflow:models:/',
    'models:/a/b/c',
    'models:/a@',
    "models:/a'b",
    'runs:/x/model',
    `runs:/${'a'.repeat(32)}/../x`,
  ])('takes %j for no model', (uri) => {
    expect(() => open(uri)).toThrow('names no model of MLflow');
  });

  it.each(['http://ann:hush@host:5000', 'ftp://host', ''])('refuses the address %j', (trackingUri) => {
    const access = {
      s3: { endpointUrl: '', region: '' },
      mlflow: { trackingUri, ...LOGIN },
      cache: { folder, maxBytes: 1, holds: false },
    };
    expect(() => openRegistry('models:/a', access)).toThrow(expect.objectContaining({ code: 'FLTS_SETTINGS' }));
    expect(() => openRegistry('models:/a', access)).not.toThrow('hush');
  });
});

const disk = smallDisk(256, 'downloads to a disk that is full');
describe.skipIf(disk === null)('a disk that is full', () => {
  afterAll(() => {
    disk?.unmount();
  });

  it.each([
    ['S3', 's3://models', 'mlflow-artifacts:'],
    ['MLflow', 'models:/full', 'mlflow-artifacts:'],
    ['MLflow with its artifacts on S3', 'models:/direct', 's3://artifacts/mlflow'],
  ])('is named in the same words, whether the model comes from %s', async (_name, uri, artifactRoot) => {
    const [at, runId, usual] = [disk!.folder, freshRunId(), mlflow.artifactRoot];
    mlflow.artifactRoot = artifactRoot;
    await open(uri).write(bundleFor(runId), MODEL);
    mlflow.artifactRoot = usual;
    const registry = open(uri, at);
    disk!.fill();
    const downloads = (): number =>
      [...s3.requests, ...mlflow.requests.map(({ line }) => line)].filter((line) => /^GET .*model\.onnx$/.test(line))
        .length;
    const before = downloads();
    const error = (await registry.fetchBundle(runId).catch((e: unknown) => e)) as Error;
    disk!.free();
    expect(error).toMatchObject({ code: 'FLTS_CANNOT_WRITE' });
    expect(error.message.replaceAll(/\/[0-9a-f]{16,32}/g, '/*')).toBe(`Cannot write ${at}/*/*: the disk is full.`);
    expect((await registry.fetchBundle(runId)).bundle.run_id).toBe(runId);
    // The source is not at fault: it is not asked again and again.
    expect(downloads() - before).toBe(2);
  });
});
