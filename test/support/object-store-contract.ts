import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/registry/index.js';

const MAX = { maxBytes: 1024 };

/**
 * What every object store does. `open` answers an empty one each time; `isConditional`: whether the server honours
 * conditional writes (some take no notice of them).
 */
export function objectStoreContract(open: () => ObjectStore, isConditional: boolean): void {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flts-objects-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('gives back what was put, with its metadata', async () => {
    const store = open();
    const etag = await store.put('a/b.json', '{"ü":1}', {
      contentType: 'application/json',
      metadata: { digest: 'abc' },
    });
    const object = await store.get('a/b.json', MAX);
    if (object === null || object === 'unchanged') throw new Error('nothing there');
    expect(Buffer.from(object.body).toString()).toBe('{"ü":1}');
    expect(object.metadata).toMatchObject({ digest: 'abc' });
    expect(etag).not.toBe('');
    expect(object.etag).toBe(etag);
  });

  it('says when an object is still the one that is known', async () => {
    const store = open();
    const etag = await store.put('pointer', 'one');
    expect(await store.get('pointer', { ...MAX, unlessEtag: etag })).toBe('unchanged');
    await store.put('pointer', 'three');
    expect(await store.get('pointer', { ...MAX, unlessEtag: etag })).toMatchObject({ body: Buffer.from('three') });
  });

  it('answers null, or no file, for what is not there', async () => {
    const store = open();
    const path = join(folder, 'absent');
    expect(await store.get('absent', MAX)).toBeNull();
    expect(await store.download('absent', path, 10)).toBe(false);
    expect(await store.list('absent', 10)).toEqual([]);
    expect(await readdir(folder)).not.toContain('absent');
    await store.delete('absent');
  });

  it('takes a file, and gives one back', async () => {
    const store = open();
    const bytes = randomBytes(3_000_000);
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    await writeFile(from, bytes);
    await store.put('models/large', { path: from });
    expect(await store.download('models/large', to, bytes.length)).toBe(true);
    expect((await readFile(to)).equals(bytes)).toBe(true);
  });

  it('refuses what is larger than asked for, and leaves no part of it', async () => {
    const store = open();
    await store.put('large', 'x'.repeat(2000));
    const path = join(folder, 'too-large');
    await expect(store.get('large', MAX)).rejects.toMatchObject({ code: 'FLTS_SOURCE_REFUSED' });
    await expect(store.download('large', path, 1999)).rejects.toThrow('larger than 1999 bytes');
    expect(await readdir(folder)).not.toContain('too-large');
  });

  it('lists by prefix, in order, and no more than asked for', async () => {
    const store = open();
    for (const key of ['m/b/2', 'm/a/1', 'm/a/22', 'n/1']) await store.put(key, 'x'.repeat(key.length));
    expect(await store.list('m/', 10)).toEqual([
      { key: 'm/a/1', bytes: 5 },
      { key: 'm/a/22', bytes: 6 },
      { key: 'm/b/2', bytes: 5 },
    ]);
    expect(await store.list('m/', 2)).toHaveLength(2);
    expect((await store.list('', 10)).map(({ key }) => key)).toEqual(['m/a/1', 'm/a/22', 'm/b/2', 'n/1']);
  });

  it('removes', async () => {
    const store = open();
    await store.put('gone', 'x');
    await store.delete('gone');
    expect(await store.get('gone', MAX)).toBeNull();
  });

  it.each(['../up', 'a/../../b', '/root', 'a//b', 'a\\b', 'a\0b', '', '.', 'c:/d'])(
    'refuses the key %j',
    async (key) => {
      const store = open();
      await expect(store.get(key, MAX)).rejects.toMatchObject({ code: 'FLTS_SOURCE_REFUSED' });
      await expect(store.put(key, 'x')).rejects.toMatchObject({ code: 'FLTS_SOURCE_REFUSED' });
      await expect(store.delete(key)).rejects.toMatchObject({ code: 'FLTS_SOURCE_REFUSED' });
      await expect(store.download(key, join(folder, 'x'), 1)).rejects.toMatchObject({ code: 'FLTS_SOURCE_REFUSED' });
    },
  );

  it.skipIf(!isConditional)('writes only while the object is as it was seen', async () => {
    const store = open();
    await store.put('once', 'first', { onlyIf: { absent: true } });
    await expect(store.put('once', 'second', { onlyIf: { absent: true } })).rejects.toMatchObject({
      code: 'FLTS_SOURCE_CONFLICT',
    });
    const etag = await store.put('once', 'third');
    await store.put('once', 'fourth', { onlyIf: { etag } });
    await expect(store.put('once', 'fifth', { onlyIf: { etag } })).rejects.toMatchObject({
      code: 'FLTS_SOURCE_CONFLICT',
    });
    expect(await store.get('once', MAX)).toMatchObject({ body: Buffer.from('fourth') });
  });
}
