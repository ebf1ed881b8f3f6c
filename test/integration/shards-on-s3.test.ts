import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../src/contract/index.js';
import { FakeS3Server, refuse } from '../support/fake-s3-server.js';
import { type PredictServer, startPredictServer } from '../support/predict-server.js';
import { type Finished, MAIN, run } from '../support/run-flts.js';

/** Processes have to be up, and the instrument's floor measured, by then; on a busy machine that takes a while. */
const START_AFTER_MS = 15_000;
const KEYS = {
  AWS_ACCESS_KEY_ID: 'writer',
  AWS_SECRET_ACCESS_KEY: 'hush-hush-hush',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_REGION: 'us-east-1',
};
/** 98 is a busy machine; everything else would be wrong. */
const DONE = [0, 98];

let folder: string;
let s3: FakeS3Server;
let server: PredictServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flts-shards-s3-'));
  s3 = await FakeS3Server.start();
  server = await startPredictServer({ delayMs: () => 5 });
  writeFileSync(
    join(folder, 's.yaml'),
    'name: shared\ngenerators: 1\nrequest: {headers: {X-Api-Key: hush-key}}\nphases: [{name: p, kind: custom, rate: 20, duration_s: 2}]\n',
  );
});
afterEach(async () => {
  await server.close();
  await s3.stop();
  rmSync(folder, { recursive: true, force: true });
});

const flts = (...args: string[]): Promise<Finished> =>
  run(process.execPath, [MAIN, ...args], { cwd: folder, env: { ...KEYS, AWS_ENDPOINT_URL_S3: s3.url } });

const loadtest = (out: string, ...more: string[]) =>
  flts('loadtest', 's.yaml', '--target', server.url, '--null-url', '/nowhere', '--out', out, ...more);

describe('run bundles on S3', () => {
  it('are written by every shard, run.json last, and merge from there', async () => {
    const startAt = new Date(Date.now() + START_AFTER_MS).toISOString();
    const ended = await Promise.all(
      [0, 1].map((i) => loadtest('s3://loadtests/nightly', '--shard', `${i}/2`, '--start-at', startAt)),
    );
    for (const { code, stderr } of ended) expect(DONE, stderr).toContain(code);
    for (const i of [0, 1]) {
      const written = s3.requests.filter((line) => line.startsWith(`PUT /loadtests/nightly/shard-${i}/`));
      expect(written.slice(1).map((line) => line.split('/').at(-1))).toEqual([
        ...['histograms.hlog', 'samples.ndjson.gz', 'server.ndjson.gz', 'shard.json.gz'],
        ...['report.html', 'report.md', 'run.json'],
      ]);
    }
    expect([...s3.objects.keys()].filter((key) => key.includes('.write-probe'))).toEqual([]);
    for (const [key, { body }] of s3.objects)
      expect((key.endsWith('.gz') ? gunzipSync(body) : body).toString('latin1')).not.toContain('hush-');

    const merged = await flts('merge', 's3://loadtests/nightly', '--out', 'merged', '--json');
    expect(DONE, merged.stderr).toContain(merged.code);
    const result = JSON.parse(readFileSync(join(folder, 'merged', 'run.json'), 'utf8')) as Run;
    expect(result.phases[0]).toMatchObject({ requests: 40, rate: 20, open: { due: 40 } });

    // A shard that is not whole is not there: its place has no run.json.
    s3.objects.delete('/loadtests/nightly/shard-1/run.json');
    const missing = await flts('merge', 's3://loadtests/nightly', '--out', 'x');
    expect(missing.stderr).toContain('Of 2 shards these are missing: 1.');
    s3.objects.delete('/loadtests/nightly/shard-0/shard.json.gz');
    const damaged = await flts('merge', 's3://loadtests/nightly/shard-0', '--out', 'x');
    expect(damaged.stderr).toContain('s3://loadtests/nightly/shard-0/shard.json.gz cannot be used');
    const none = await flts('merge', 's3://loadtests/weekly', '--out', 'x');
    expect(none.stderr).toContain('Below s3://loadtests/weekly there is no complete run bundle');
  });

  it('are refused before the load where the place cannot be written to', async () => {
    s3.fault = (_, response) => {
      refuse(response, 403, 'AccessDenied');
      return true;
    };
    const denied = await loadtest('s3://loadtests/one');
    expect(denied.stderr).toContain('s3://loadtests/one/.write-probe cannot be written: the server answers 403');
    expect(denied.stderr).not.toContain('hush-');
    expect(server.seen).toHaveLength(0);
    expect((await loadtest('s3://')).stderr).toContain('is not a place on S3');
  });

  it('are kept on this machine when the copy fails', async () => {
    s3.fault = ({ url = '' }, response) => {
      if (!url.includes('samples')) return false;
      refuse(response, 403, 'AccessDenied');
      return true;
    };
    const failed = await loadtest('s3://loadtests/one');
    expect(failed.stderr).toContain('The bundle itself is whole, in flts-runs/shared-');
    const [kept = ''] = readdirSync(join(folder, 'flts-runs'));
    expect(readdirSync(join(folder, 'flts-runs', kept))).toContain('run.json');
    expect([...s3.objects.keys()].filter((key) => key.endsWith('run.json'))).toEqual([]);
  });
});
