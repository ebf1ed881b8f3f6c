import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run, RunSample } from '../../src/contract/index.js';
import { type LoadTestOptions, runLoadTest } from '../../src/loadtest/index.js';
import { buildReport, readRunBundle } from '../../src/report/index.js';
import { type PredictServer, type PredictServerOptions, startPredictServer } from '../support/predict-server.js';

/** Generator processes start from real built files. */
const GENERATOR = new URL('../../dist/loadtest/generator/generator-process.js', import.meta.url);

let folder: string;
let server: PredictServer | null = null;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'flts-load-')), 'run');
});
afterEach(async () => {
  await server?.close();
  server = null;
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

async function load(
  serverOptions: PredictServerOptions,
  options: Partial<LoadTestOptions> & Pick<LoadTestOptions, 'scenario'>,
) {
  server = await startPredictServer(serverOptions);
  return runLoadTest({ target: server.url, outDir: folder, version: 'test', generatorUrl: GENERATOR, ...options });
}

const fixed = (users: number, requests: number) => ({ phases: [{ name: 'p', users, requests_per_user: requests }] });

function samples(): RunSample[] {
  const text = gunzipSync(readFileSync(join(folder, 'samples.ndjson.gz'))).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RunSample);
}

/** Nothing is wrong with the instrument; a busy machine may take its processors away, and then the run says so. */
function expectSound(run: Run): void {
  expect(run.validity?.reasons.filter((reason) => !reason.includes('for a processor'))).toEqual([]);
}

describe('a load test', () => {
  it('sends what it says, times it, and leaves a bundle that reads back', async () => {
    const { run } = await load(
      { delayMs: () => 20 },
      {
        scenario: {
          name: 'known delay',
          request: { headers: { 'X-Api-Key': 'hush-hush' }, horizon: 3 },
          phases: [
            { name: 'warm', kind: 'warmup', users: 2, requests_per_user: 1 },
            { name: '4', users: 4, requests_per_user: 25 },
            { name: 'timed', users: 2, duration_s: 0.5, think_s: 0.02 },
          ],
        },
        require: ['success>=100%', 'p50@4>=18ms', 'p50@4<1ms'],
      },
    );
    const [warm, four, timed] = run.phases;
    expect(warm).toMatchObject({ kind: 'warmup', requests: 2 });
    expect(four).toMatchObject({
      users: 4,
      requests: 100,
      succeeded: 100,
      failed: 0,
      connections_opened: 4,
      statuses: { '200': 100 },
    });
    // A timer may fire up to a millisecond early, never more: no answer is faster than the server's delay.
    expect(four?.min_ms).toBeGreaterThanOrEqual(18);
    expect(four?.p50_ms).toBeGreaterThanOrEqual(four?.min_ms ?? Infinity);
    expect(timed?.littles_law).toMatchObject({ holds: true });
    expect(timed?.littles_law?.expected).toBeCloseTo(2 - 0.02, 3); // the second user starts half a think time later
    expect(run.requirements?.map(({ outcome }) => outcome)).toEqual(['met', 'met', 'not_met']);
    expectSound(run);
    expect(run).toMatchObject({ verdict: run.validity?.valid === true ? 'FAILED' : 'INVALID', uptime: 1 });
    expect(run.instrument?.levels.map(({ users }) => users)).toEqual([4, 2]);

    // The server saw every request once (and one before the load), none like another, each with its key.
    const seen = server?.seen ?? [];
    expect(seen).toHaveLength(1 + run.phases.reduce((sum, phase) => sum + (phase.requests ?? 0), 0));
    expect(new Set(seen.slice(1).map(({ body }) => body)).size).toBe(seen.length - 1);
    expect(seen.every(({ headers }) => headers['x-api-key'] === 'hush-hush')).toBe(true);

    const files = readdirSync(folder).sort();
    expect(files).toEqual(['histograms.hlog', 'run.json', 'samples.ndjson.gz', 'server.ndjson.gz']);
    for (const file of files) {
      const raw = readFileSync(join(folder, file));
      expect((file.endsWith('.gz') ? gunzipSync(raw) : raw).toString('latin1')).not.toContain('hush-hush');
    }
    const mine = samples().filter(({ phase }) => phase === '4');
    expect(mine).toHaveLength(100);
    for (const sample of mine) {
      expect(sample.sent_us).toBeGreaterThanOrEqual(sample.intended_us);
      expect(sample.first_byte_us).toBeGreaterThan(sample.sent_us);
      expect(sample.done_us).toBeGreaterThanOrEqual(sample.first_byte_us ?? Infinity);
      expect(sample).toMatchObject({
        status: 200,
        failure: null,
        replica: 'replica-a',
        timing_ms: { queue: 1.5, exec: 2, total: 3.5 },
        batch_rows: 3,
      });
    }
    // Closed users: each request is due the moment the same user's answer before it was there.
    const ofUser = mine.filter(({ user }) => user === 0).sort((a, b) => a.intended_us - b.intended_us);
    expect(ofUser.slice(1).every((sample, i) => Math.abs(sample.intended_us - (ofUser[i]?.done_us ?? 0)) <= 1)).toBe(
      true,
    );

    const bundle = await readRunBundle(folder);
    expect(bundle.gaps).toEqual([]);
    expect(bundle.run).toEqual(JSON.parse(JSON.stringify(run)));
    expect(bundle.distributions.get('4')?.find(({ percentile }) => percentile === 50)?.ms).toBeCloseTo(
      four?.p50_ms ?? 0,
      0,
    );
    const [median] = bundle.attribution.get('4')?.[0]?.cohorts ?? [];
    expect(median).toMatchObject({ name: 'p50', batchRows: 3, replicas: { 'replica-a': 1 } });
    expect(median?.partsMs.queue).toBeCloseTo(1.5, 3);
    const sections = buildReport(bundle).sections.map(({ id }) => id);
    expect(sections).toContain('timing');
    expect(sections).toContain('attribution');
  });

  it('counts every kind of failure exactly', async () => {
    const { run } = await load(
      {
        misbehave: (n, response) => {
          if (n === 0) return false; // the request before the load
          if (n % 10 === 1) response.writeHead(500).end('{"detail":"boom"}');
          else if (n % 10 === 2) response.end('{"predictions":[{"ts":"2001-01-01T00:00:00","down":1}]}');
          else if (n % 10 === 3) response.end('{"predictions":[{"ts":');
          else if (n % 10 === 4) response.destroy();
          else if (n % 10 === 5) response.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf');
          else if (n % 10 === 6) response.writeHead(404).end();
          else if (n % 10 === 7) response.socket?.end('what is this\r\n\r\n');
          else return false;
          return true;
        },
      },
      { scenario: fixed(4, 25), require: ['success>=99%'] },
    );
    expect(run.phases[0]).toMatchObject({
      requests: 100,
      succeeded: 30,
      failed: 70,
      failures: { http_5xx: 10, bad_answer: 40, reset: 10, http_4xx: 10 },
      success_rate: 0.3,
    });
    expect(run.phases[0]?.failure_examples).toMatchObject({ http_5xx: '500 {"detail":"boom"}' });
    expect(run.requirements?.[0]).toMatchObject({ outcome: 'not_met', actual: 0.3 });
  });

  it('calls answers that never come timeouts', async () => {
    const { run } = await load(
      { delayMs: (n) => (n === 0 ? 0 : 60_000) },
      { scenario: { ...fixed(3, 1), request: { timeout_s: 0.2 } } },
    );
    expect(run.phases[0]).toMatchObject({ requests: 3, failed: 3, failures: { timeout: 3 } });
  });

  it('opens connections anew when the server closes them, without calling that an error', async () => {
    const { run } = await load(
      {
        misbehave: (_, response) => {
          response.setHeader('Connection', 'close');
          return false;
        },
      },
      { scenario: fixed(2, 5) },
    );
    expect(run.phases[0]).toMatchObject({ requests: 10, failed: 0, connections_opened: 10 });
  });

  it('keeps what was measured when it is ended by hand', async () => {
    const controller = new AbortController();
    const { run } = await load(
      { delayMs: () => 5 },
      {
        scenario: {
          phases: [
            { name: 'a', users: 2, duration_s: 600 },
            { name: 'b', users: 2, duration_s: 600 },
          ],
        },
        signal: controller.signal,
        onProgress: ({ requests }) => {
          if (requests > 0) controller.abort();
        },
      },
    );
    expect(run.interrupted).toBe(true);
    expectSound(run);
    expect(run.phases).toHaveLength(1);
    expect(run.phases[0]).toMatchObject({ name: 'a', failed: 0 });
    expect(run.phases[0]?.requests).toBe(samples().length);
    expect((await readRunBundle(folder)).gaps).toEqual([]);
  });
});

describe('a run is INVALID', () => {
  it('when the server restarted unasked', async () => {
    const { run } = await load(
      { delayMs: () => 2, stats: () => ({ process: { start_time: new Date(Date.now() + 60_000).toISOString() } }) },
      { scenario: fixed(2, 5) },
    );
    expect(run).toMatchObject({ verdict: 'INVALID', validity: { valid: false } });
    expect(run.validity?.reasons[0]).toContain('The server restarted during the run');
  });

  it('when a generator dies', async () => {
    const dying = join(folder, '..', 'dying.mjs');
    writeFileSync(
      dying,
      `await import(${JSON.stringify(GENERATOR.href)});
process.on('message', (m) => { if (m.type === 'begin' && m.plan.users === 3) process.exit(7); });`,
    );
    const { run } = await load(
      {},
      {
        scenario: { phases: [{ name: 'p', users: 3, think_s: 1, duration_s: 1 }] },
        generatorUrl: new URL(`file://${dying}`),
        nullUrl: '/nowhere',
      },
    );
    expect(run.verdict).toBe('INVALID');
    expect(run.validity?.reasons).toContain('Phase p: generator 0 ended during the run (exit code 7).');
  });
});

describe('what it refuses', () => {
  const refused = (options: Partial<LoadTestOptions>, scenario = fixed(1, 1)) =>
    runLoadTest({
      target: 'http://127.0.0.1:1',
      outDir: folder,
      version: 'test',
      generatorUrl: GENERATOR,
      scenario,
      ...options,
    });

  it('a target that is down', async () => {
    await expect(refused({})).rejects.toMatchObject({
      code: 'FLTS_TARGET_DOWN',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(existsSync(folder)).toBe(false);
  });

  it('a target that hangs up', async () => {
    const rude = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(rude.address() as AddressInfo).port}`;
    await expect(refused({ target })).rejects.toMatchObject({ code: 'FLTS_TARGET_DOWN' });
    rude.close();
  });

  it('a target that is not ready, or takes no such requests', async () => {
    const answer = (status: number, text: string): PredictServerOptions => ({
      misbehave: (_, response) => {
        response.writeHead(status).end(text);
        return true;
      },
    });
    await expect(
      load(answer(503, '{"detail":"Inference service not ready"}'), { scenario: fixed(1, 1) }),
    ).rejects.toMatchObject({
      code: 'FLTS_TARGET_DOWN',
      message: expect.stringContaining('not ready') as string,
    });
    await server?.close();
    await expect(
      load(answer(400, '{"detail":"Missing required feature columns: x"}'), { scenario: fixed(1, 1) }),
    ).rejects.toMatchObject({
      code: 'FLTS_TARGET_REFUSED',
      message: expect.stringContaining('Missing required feature columns: x') as string,
    });
  });

  it('requirements and scenarios that make no sense, before anything is sent', async () => {
    await expect(refused({ require: ['p95@9<1s'] })).rejects.toMatchObject({ code: 'FLTS_USAGE' });
    await expect(refused({ require: ['fast'] })).rejects.toMatchObject({ code: 'FLTS_USAGE' });
    await expect(refused({}, { phases: [] })).rejects.toMatchObject({ code: 'FLTS_SCENARIO' });
    expect(existsSync(folder)).toBe(false);
  });

  it('a folder that cannot be written, before the load', async () => {
    const outDir = join(GENERATOR.pathname, 'below-a-file');
    await expect(load({}, { scenario: fixed(1, 1), outDir })).rejects.toMatchObject({ code: 'FLTS_CANNOT_WRITE' });
    expect(server?.seen).toHaveLength(1);
  });
});
