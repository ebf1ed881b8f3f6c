import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix, win32 } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeMlflowServer } from '../../test/support/fake-mlflow-server.js';
import { FakeS3Server } from '../../test/support/fake-s3-server.js';
import { bundleFor, freshRunId, PROMOTE } from '../../test/support/registry-contract.js';
import { bundleText, digestOf } from './bundle-files.js';
import { ArtifactCache } from './cache/artifact-cache.js';
import type { ModelRegistry } from './model-registry.js';
import { isPlainPath } from './objects/object-key.js';
import { openRegistry } from './open-registry.js';

const MODEL = new TextEncoder().encode('a model');
const KEYS = { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 'hush-s3', AWS_EC2_METADATA_DISABLED: 'true' };
const ARTIFACTS = 'GET /api/2.0/mlflow-artifacts/artifacts/';
/** What has led out of folders before. */
const CLIMBING = [
  '/etc/passwd',
  '../../etc',
  'a/../../etc',
  'a/..',
  '..\\..\\etc',
  'C:\\etc',
  'a\u0000/..',
  './a',
  'a//b',
  '',
];

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
  folder = await mkdtemp(join(tmpdir(), 'flts-hostile-'));
  s3.objects.clear();
});
afterEach(async () => {
  for (const registry of opened) registry.close?.();
  opened = [];
  mlflow.fault = () => false;
  await rm(folder, { recursive: true });
});

function open(uri: string, login = { username: '', password: '', token: 'hush-token' }): ModelRegistry {
  const registry = openRegistry(uri, {
    s3: { endpointUrl: s3.url, region: '' },
    mlflow: { trackingUri: mlflow.url, ...login },
    cache: { folder: join(folder, 'cache'), maxBytes: 1e9, holds: true },
  });
  opened.push(registry);
  return registry;
}

async function promoted(uri: string): Promise<string> {
  const runId = freshRunId();
  await open(uri).write(bundleFor(runId), MODEL);
  await open(uri).promote(runId, PROMOTE);
  return runId;
}

const all = async (path: string): Promise<string[]> => (await readdir(path, { recursive: true })).toSorted();

describe('a path below a root', () => {
  it.each(CLIMBING)('is not %j', (path) => {
    expect(isPlainPath(path)).toBe(false);
  });

  it('stays there in every file system and in every URL, whatever it is made of', () => {
    const name = fc.oneof(
      fc.constantFrom('..', '.', '', '%2e%2e', '%2E.', '%2f', '%5c', '\\', 'C:', '~', '\u0000', '\uff0e\uff0e', 'a'),
      fc.string(),
    );
    const paths = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));
    fc.assert(
      fc.property(paths, (path) => {
        if (!isPlainPath(path)) return;
        expect(posix.resolve('/root', path).startsWith('/root/')).toBe(true);
        expect(win32.resolve('C:\\root', path).startsWith('C:\\root\\')).toBe(true);
        const encoded = path.split('/').map(encodeURIComponent).join('/');
        const { host, pathname } = new URL(`http://host/root/${encoded}`);
        expect([host, decodeURIComponent(pathname)]).toEqual(['host', `/root/${path}`]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a pointer', () => {
  it.each(['/etc', '../../secret', 'file:///etc/passwd', 'http://127.0.0.1:9/m', 's3://other/m'])(
    'says which run, not where: nobody reads its model_uri %j',
    async (model_uri) => {
      const runId = await promoted('s3://models');
      s3.damage('/models/current.json', (body) =>
        Buffer.from(JSON.stringify({ ...JSON.parse(body.toString()), model_uri })),
      );
      const asked = s3.requests.length;
      const registry = open('s3://models');
      const pointer = await registry.readPointer();
      await registry.fetchBundle(pointer!.run_id);
      const places = [`models/${runId}/bundle.json`, `models/${runId}/model.onnx`, 'current.json'];
      for (const line of s3.requests.slice(asked))
        expect(places.map((place) => `GET /models/${place}`)).toContain(line);
      expect(await readdir(folder)).toEqual(['cache']);
    },
  );

  it.each([...CLIMBING, '%2e%2e%2f%2e%2e'])('with the run id %j is damaged', async (run_id) => {
    await promoted('s3://models');
    s3.damage('/models/current.json', (body) =>
      Buffer.from(JSON.stringify({ ...JSON.parse(body.toString()), run_id })),
    );
    await expect(open('s3://models').readPointer()).rejects.toMatchObject({ code: 'FLTS_BUNDLE_CORRUPT' });
    await expect(open('s3://models').fetchBundle(run_id)).rejects.toMatchObject({ code: 'FLTS_NO_MODEL' });
  });
});

describe('a list of versions', () => {
  it('on S3 has run ids, whatever else the keys are', async () => {
    const runId = await promoted('s3://models');
    const kept = s3.objects.get(`/models/models/${runId}/bundle.json`)!;
    for (const path of CLIMBING) s3.objects.set(`/models/models/${path}/bundle.json`, kept);
    const entries = await open('s3://models').list();
    expect(entries.map((entry) => entry.runId)).toEqual([runId]);
  });

  it('of MLflow has run ids, whatever its tags are', async () => {
    const name = `m${freshRunId().slice(0, 8)}`;
    const runId = await promoted(`models:/${name}`);
    const [good] = mlflow.versions.get(name)!;
    const hostile = CLIMBING.map((run_id, i) => ({
      ...good!,
      version: String(i + 2),
      run_id,
      tags: good!.tags.map(({ key, value }) => ({ key, value: value === runId ? run_id : value })),
    }));
    mlflow.versions.set(name, [good!, ...hostile]);
    expect((await open(`models:/${name}`).list()).map((entry) => entry.runId)).toEqual([runId]);
  });

  it.each([
    'mlflow-artifacts:/a/%2e%2e/%2e%2e/b',
    'mlflow-artifacts:/%2Fetc%2Fpasswd',
    'mlflow-artifacts:/a?b=c/../#d',
  ])('of MLflow leads to artifacts alone, for %j too', async (source) => {
    const name = `m${freshRunId().slice(0, 8)}`;
    const runId = await promoted(`models:/${name}`);
    mlflow.versions.set(name, [{ ...mlflow.versions.get(name)![0]!, source }]);
    await rm(join(folder, 'cache'), { recursive: true });
    const asked = mlflow.requests.length;
    await expect(open(`models:/${name}`).fetchBundle(runId)).rejects.toMatchObject({
      code: expect.stringMatching(/^FLTS_(NO_MODEL|SOURCE_REFUSED)$/) as string,
    });
    const read = mlflow.requests.slice(asked).filter(({ line }) => line.includes('artifacts/'));
    for (const { line } of read) {
      expect(`GET ${new URL(line.slice(4), mlflow.url).pathname}`).toBe(line);
      expect(line.startsWith(ARTIFACTS)).toBe(true);
    }
  });
});

it('an artifact that MLflow redirects is not fetched from elsewhere', async () => {
  const name = `m${freshRunId().slice(0, 8)}`;
  const runId = await promoted(`models:/${name}`);
  await rm(join(folder, 'cache'), { recursive: true });
  const other = await FakeMlflowServer.start();
  mlflow.fault = ({ method, url = '' }, response) => {
    if (!`${method ?? ''} ${url}`.startsWith(ARTIFACTS)) return false;
    response.writeHead(307, { location: `${other.url}${url}` }).end();
    return true;
  };
  await expect(open(`models:/${name}`).fetchBundle(runId)).rejects.toMatchObject({ code: 'FLTS_SOURCE_REFUSED' });
  expect(other.requests).toEqual([]);
  await other.stop();
});

describe('a secret', () => {
  it('is in nothing that is written, on either side', async () => {
    const name = `m${freshRunId().slice(0, 8)}`;
    for (const uri of ['s3://models', `models:/${name}`]) {
      const runId = await promoted(uri);
      const registry = open(uri);
      await registry.fetchBundle(runId);
      await registry.noteServed!((await registry.readPointer())!);
    }
    expect(mlflow.requests.at(-1)?.authorization).toBe('Bearer hush-token');
    const remote = [...s3.objects.values(), ...s3.objects.keys(), ...mlflow.versions.values(), ...mlflow.runs.values()];
    expect(JSON.stringify(remote)).not.toContain('hush');
    for (const bytes of [...[...s3.objects.values()].map(({ body }) => body), ...mlflow.artifacts.values()]) {
      expect(bytes.toString('latin1')).not.toContain('hush');
    }
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(6);
    for (const file of files) expect(await readFile(join(file.parentPath, file.name), 'latin1')).not.toContain('hush');
  });

  it.each([
    'https://account.example/models?sig=hush',
    's3://key:hu@sh@bucket/a',
    'wasbs://key:hush@account.example/a#hush',
  ])('in the place %j is not repeated', async (source) => {
    const name = `m${freshRunId().slice(0, 8)}`;
    const runId = await promoted(`models:/${name}`);
    mlflow.versions.set(name, [{ ...mlflow.versions.get(name)![0]!, source }]);
    await rm(join(folder, 'cache'), { recursive: true });
    const error = (await open(`models:/${name}`)
      .fetchBundle(runId)
      .catch((e: unknown) => e)) as Error;
    expect(error).toMatchObject({ code: expect.stringMatching(/^FLTS_(SOURCE_REFUSED|USAGE)$/) as string });
    expect(JSON.stringify([error.message, error.stack])).not.toMatch(/hush|sh@/);
  });
});

describe('a link', () => {
  let outside = '';
  const [runId, other] = [freshRunId(), freshRunId()];

  beforeEach(async () => {
    outside = join(folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'bundle.json'), bundleText(bundleFor(runId)));
    await writeFile(join(outside, 'model.onnx'), MODEL);
  });
  afterEach(async () => {
    expect(await all(outside)).toEqual(['bundle.json', 'model.onnx']);
    expect(await readFile(join(outside, 'model.onnx'))).toEqual(Buffer.from(MODEL));
  });

  it('in place of a version is read, never written through, and removed alone', async () => {
    const root = join(folder, 'registry');
    await mkdir(join(root, 'models'), { recursive: true });
    await symlink(outside, join(root, 'models', runId));
    const registry = open(root);
    expect((await registry.fetchBundle(runId)).bundle.run_id).toBe(runId);
    await expect(registry.write(bundleFor(runId), MODEL)).rejects.toMatchObject({ code: 'FLTS_CANNOT_WRITE' });
    await registry.remove(runId);
    expect(await readdir(join(root, 'models'))).toEqual([]);
  });

  it('in place of the pointer is replaced, not what it leads to', async () => {
    const root = join(folder, 'registry');
    await open(root).write(bundleFor(other), MODEL);
    await symlink(join(outside, 'bundle.json'), join(root, 'current.json'));
    await open(root).promote(other, PROMOTE);
    expect((await lstat(join(root, 'current.json'))).isSymbolicLink()).toBe(false);
    expect(JSON.parse(await readFile(join(outside, 'bundle.json'), 'utf8'))).toMatchObject({ run_id: runId });
  });

  it('in the cache leads to nothing that is removed, and neither does a folder of other things', async () => {
    const cache = join(folder, 'cache');
    const source = 'a'.repeat(16);
    await mkdir(join(cache, source), { recursive: true });
    await mkdir(join(cache, 'photos', 'summer'), { recursive: true });
    await writeFile(join(cache, 'photos', 'summer', 'sea.jpg'), Buffer.alloc(4000));
    await mkdir(join(cache, source, 'notes'));
    await symlink(outside, join(cache, source, runId));
    await symlink(folder, join(cache, 'b'.repeat(16)));
    const old = new Date(Date.now() - 3600_000);
    for (const path of [outside, join(cache, 'photos', 'summer'), join(cache, source, 'notes')])
      await utimes(path, old, old);
    const tight = new ArtifactCache({ folder: cache, maxBytes: 4000, holds: true, nowMs: Date.now });
    const text = bundleText(bundleFor(other));
    await tight.add(source, other, text, 'a source', (path) => writeFile(path, MODEL));
    expect(await all(join(cache, 'photos'))).toEqual(['summer', 'summer/sea.jpg'].map((path) => join(path)));
    expect(await readdir(join(cache, source))).toContain('notes');
    // Without a digest of its own it is damaged: it goes, and what it leads to stays.
    expect(await tight.find(source, runId)).toBeNull();
    expect((await readdir(join(cache, source))).toSorted()).toEqual([other, 'notes'].toSorted());
    expect(digestOf(text)).toBe(await readFile(join(cache, source, other, 'bundle.sha256'), 'utf8'));
  });
});
