import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeS3Server, refuse } from '../../../test/support/fake-s3-server.js';
import { objectStoreContract } from '../../../test/support/object-store-contract.js';
import { SourceGuard } from '../source-guard.js';
import { S3ObjectStore } from './s3-object-store.js';

const MAX = { maxBytes: 1024 };
const KEYS = {
  AWS_ACCESS_KEY_ID: 'reader',
  AWS_SECRET_ACCESS_KEY: 'hush-hush-hush',
  AWS_EC2_METADATA_DISABLED: 'true',
};

let server: FakeS3Server;
let count = 0;
const opened: S3ObjectStore[] = [];

function open(uri = `s3://models/p${count++}`, pauseTimeoutMs?: number): S3ObjectStore {
  const guard = new SourceGuard(uri, { tries: 3, timeoutMs: 5000 });
  const store = new S3ObjectStore(uri, { endpointUrl: server.url, region: '' }, guard, pauseTimeoutMs);
  opened.push(store);
  return store;
}

beforeAll(async () => {
  Object.assign(process.env, KEYS);
  server = await FakeS3Server.start();
});
afterEach(() => {
  server.fault = () => false;
});
afterAll(async () => {
  for (const store of opened) store.close();
  await server.stop();
  for (const name of Object.keys(KEYS)) Reflect.deleteProperty(process.env, name);
});

describe('an object store on S3', () => {
  objectStoreContract(() => open(), true);

  it('pages through long listings', async () => {
    const store = open();
    for (let i = 0; i < 1005; i++)
      server.objects.set(`/models/many/${String(i).padStart(5, '0')}`, { body: Buffer.of(), etag: '', metadata: {} });
    expect(await open('s3://models').list('many/', 2000)).toHaveLength(1005);
    expect(await store.list('', 2000)).toEqual([]);
  });

  it('tries again what may pass', async () => {
    const store = open();
    await store.put('a', 'x');
    let failures = 0;
    server.fault = (_, response) => {
      if (++failures > 2) return false;
      refuse(response, 500, 'InternalError');
      return true;
    };
    expect(await store.get('a', MAX)).toMatchObject({ body: Buffer.from('x') });
    expect(failures).toBe(3);
  });

  it.each([
    [500, 'InternalError', 'FLTS_SOURCE_DOWN'],
    [503, 'SlowDown', 'FLTS_SOURCE_DOWN'],
    [403, 'AccessDenied', 'FLTS_SOURCE_DENIED'],
    [404, 'NoSuchBucket', 'FLTS_SOURCE_REFUSED'],
  ])('says what is wrong when the server answers %i %s', async (status, code, expected) => {
    const store = open();
    server.fault = (_, response) => {
      refuse(response, status, code);
      return true;
    };
    const error = (await store.get('a', MAX).catch((e: unknown) => e)) as Error;
    expect(error).toMatchObject({ code: expected });
    expect(error.message).toContain(String(status));
    expect(error.message).not.toContain('hush');
  });

  it('follows no redirect', async () => {
    const store = open();
    let elsewhere = 0;
    const other = await FakeS3Server.start();
    other.fault = () => {
      elsewhere++;
      return false;
    };
    server.fault = (_, response) => {
      response.writeHead(301, { location: `${other.url}/models/a`, 'x-amz-bucket-region': 'eu-west-1' }).end();
      return true;
    };
    await expect(store.get('a', MAX)).rejects.toMatchObject({ code: 'FLTS_SOURCE_REFUSED' });
    expect(elsewhere).toBe(0);
    await other.stop();
  });

  it('gives up on an answer that stands still or breaks off, and leaves no file', async () => {
    const store = open(undefined, 50);
    const folder = await mkdtemp(join(tmpdir(), 'flts-s3-'));
    server.fault = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('part');
      return true;
    };
    await expect(store.download('a', join(folder, 'still'), 1000)).rejects.toThrow('stood still for 50 ms');
    server.fault = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('part', () => response.destroy());
      return true;
    };
    await expect(store.download('a', join(folder, 'cut'), 1000)).rejects.toThrow('broke off');
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('writes all the same where the server knows no conditions', async () => {
    const store = open();
    server.fault = ({ headers }, response) => {
      if (headers['if-none-match'] === undefined) return false;
      refuse(response, 501, 'NotImplemented');
      return true;
    };
    await store.put('a', 'x', { onlyIf: { absent: true } });
    server.fault = () => false;
    expect(await store.get('a', MAX)).toMatchObject({ body: Buffer.from('x') });
  });

  it('says so when nobody listens', async () => {
    const guard = new SourceGuard('s3://models', { tries: 1 });
    const store = new S3ObjectStore('s3://models', { endpointUrl: 'http://127.0.0.1:9', region: '' }, guard);
    await expect(store.get('a', MAX)).rejects.toThrow('s3://models/a cannot be read: ECONNREFUSED.');
    store.close();
  });

  it.each([
    's3://',
    's3://UPPER/x',
    's3://arn:aws:s3:::b/x',
    's3://b',
    's3://models--x-s3/a',
    's3://models/../b',
    's3://user:pw@models/a',
  ])('takes %j for no place on S3', (uri) => {
    expect(() => open(uri)).toThrow('is not a place on S3');
  });

  it.each(['ftp://host', 'host:9000', 'http://user:pw@host'])(
    'refuses the endpoint %j, and does not repeat it',
    async (endpointUrl) => {
      const store = new S3ObjectStore('s3://models', { endpointUrl, region: '' });
      const error = (await store.get('a', MAX).catch((e: unknown) => e)) as Error;
      expect(error).toMatchObject({ code: 'FLTS_SETTINGS' });
      expect(error.message).not.toContain('pw');
    },
  );
});
