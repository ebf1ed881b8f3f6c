import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRunBundle } from './index.js';

const RUN = { schema_version: 1, phases: [{ name: '10', users: 10, p50_ms: 3 }] };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flts-run-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const put = (name: string, content: string | Buffer): void => {
  writeFileSync(join(folder, name), content);
};

const lines = (n: number): string =>
  Array.from({ length: n }, (_, i) =>
    JSON.stringify({ phase: '10', intended_us: 0, done_us: i * 1000, failure: null, status: 200 }),
  ).join('\n');

describe('readRunBundle', () => {
  it('reads a run.json alone and names what is missing', async () => {
    put('run.json', JSON.stringify(RUN));
    const bundle = await readRunBundle(folder);
    expect(bundle.run).toEqual(RUN);
    expect(bundle.gaps).toEqual([
      'histograms.hlog is not in the bundle.',
      'samples.ndjson.gz is not in the bundle.',
      'server.ndjson.gz is not in the bundle.',
    ]);
  });

  it('reads a run file of any name by itself', async () => {
    put('typed.json', JSON.stringify(RUN));
    expect((await readRunBundle(join(folder, 'typed.json'))).gaps).toEqual([]);
  });

  it.each([
    ['{"schema_version": 1, "pha', 'FLTS_RUN_BUNDLE', 'is not JSON; it may be cut short'],
    ['{"schema_version": 2, "phases": "anything"}', 'FLTS_BUNDLE_VERSION', 'newer than 1'],
    ['{"schema_version": 1, "phases": []}', 'FLTS_RUN_BUNDLE', 'phases'],
    ['{"schema_version": 1, "phases": [{"users": 3}]}', 'FLTS_RUN_BUNDLE', 'phases.0'],
    ['{"metrics": {"http_reqs": 3}}', 'FLTS_RUN_BUNDLE', 'is not a run of flts'],
    ['[]', 'FLTS_RUN_BUNDLE', 'is not a run of flts'],
  ])('refuses %s', async (text, code, sentence) => {
    put('run.json', text);
    const error = await readRunBundle(folder).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(sentence) as string });
  });

  it('says which file is missing in an empty folder', async () => {
    await expect(readRunBundle(folder)).rejects.toMatchObject({ code: 'FLTS_RUN_BUNDLE' });
    await expect(readRunBundle(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'FLTS_RUN_BUNDLE' });
  });

  it('goes on without a part that is cut short or garbage', async () => {
    put('run.json', JSON.stringify(RUN));
    const whole = gzipSync(Buffer.from(lines(20_000)));
    put('samples.ndjson.gz', whole.subarray(0, whole.length / 2));
    put('server.ndjson.gz', 'no gzip at all');
    put('histograms.hlog', '1.0,2.0,3.0,garbage\n');
    const { gaps, timeline } = await readRunBundle(folder);
    expect(gaps.map((text) => text.split(' ', 3).join(' '))).toEqual([
      'histograms.hlog is damaged',
      'samples.ndjson.gz is damaged',
      'server.ndjson.gz is damaged',
    ]);
    expect(timeline).toEqual([]);
  });

  it('makes a timeline of the samples, without the extra ones', async () => {
    put('run.json', JSON.stringify(RUN));
    const slow = JSON.stringify({ intended_us: 0, done_us: 500_000, failure: null, extra: true });
    put('samples.ndjson.gz', gzipSync(Buffer.from(`${lines(1_500)}\n${slow}\n`)));
    const { timeline } = await readRunBundle(folder);
    // Request i is answered after i ms: 1,000 in the first second, 500 in the next.
    const none = { widthS: 1, failed: 0, failures: {} };
    expect(timeline).toEqual([
      { ...none, atS: 0.5, requestsPerS: 1_000, p50Ms: 499, p95Ms: 949, p99Ms: 989 },
      { ...none, atS: 1.5, requestsPerS: 500, p50Ms: 1_249, p95Ms: 1_474, p99Ms: 1_494 },
    ]);
  });
});
