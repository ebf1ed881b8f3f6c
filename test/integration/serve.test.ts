import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { METRICS, TIMING_PARTS } from '../../src/contract/index.js';
import { openRegistry } from '../../src/registry/index.js';
import { fixtureBundle, payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { FATAL_CELL, oddWorker } from '../support/odd-worker.js';
import { foreignModel, logModel } from '../support/onnx-fixture.js';
import { get, post, serve, type TestService, until } from '../support/running-service.js';

let service: TestService | null = null;

async function started(...args: Parameters<typeof serve>): Promise<TestService> {
  service = await serve(...args);
  return service;
}

async function withModel(
  ...[flags, options]: [Parameters<typeof serve>[1]?, Parameters<typeof serve>[2]?]
): Promise<TestService> {
  const folder = temporaryFolder();
  await promoteFixture(folder);
  return started(folder, flags, options);
}

afterEach(async () => {
  await service?.stop();
  service = null;
});

describe('replies', () => {
  it('carry their ids and the parts of their time, which sum to the whole', async () => {
    const one = await withModel({ replicaId: 'here' });
    for (const horizon of [1, 3]) {
      const { headers, json } = await post(one, { ...payload(), inference_length: horizon });
      expect(headers.get('x-replica-id')).toBe('here');
      expect(headers.get('x-request-id')).toBe(json['req_id']);
      expect(headers.get('x-model-run-id')).toBe(json['run_id']);
      const timing = headers.get('server-timing') ?? '';
      const parts: Record<string, number> = Object.fromEntries(
        [...timing.matchAll(/(\w+);dur=(-?[\d.]+)/g)].map((m) => [m[1] ?? '', Number(m[2])]),
      );
      expect(Object.keys(parts)).toEqual([...TIMING_PARTS, 'total']);
      expect(timing).toContain('batch;desc="1"');
      for (const part of TIMING_PARTS) expect(parts[part]).toBeGreaterThanOrEqual(0);
      const sum = TIMING_PARTS.reduce((total, part) => total + (parts[part] ?? 0), 0);
      expect(Math.abs(sum - parts['total']!)).toBeLessThanOrEqual(Math.max(0.02, 0.01 * parts['total']!));
    }
  });

  it('with intervals: the residuals of the level’s ranks, in log space', async () => {
    const one = await withModel();
    const { json } = await post(one, { ...payload(), level: [80] });
    // n = 999: ranks 100 and 900 of residuals that run evenly from -0.5 to 0.5; forecast 1030, offset 1.
    const bounds = (json['intervals'] as Record<string, Record<string, number[]>[]>)['80']![0]!['down']!;
    expect(bounds[0]).toBeCloseTo(1031 * Math.exp(99 / 998 - 0.5) - 1, 3);
    expect(bounds[1]).toBeCloseTo(1031 * Math.exp(899 / 998 - 0.5) - 1, 3);
  });

  it('to what is no request: each with its own status', async () => {
    const one = await withModel({ bodyLimitBytes: '2000' });
    const cases: [number, string, Promise<{ status: number; json: Record<string, unknown> }>][] = [
      [400, 'FLTS_NOT_JSON', post(one, '{"data": ')],
      [400, 'FLTS_NOT_JSON', post(one, '')],
      [400, 'FLTS_NOT_JSON', post(one, new Uint8Array([0x22, 0xff, 0x22]))],
      [400, 'FLTS_DATA_MISSING', post(one, 'null')],
      [413, 'FLTS_BODY_TOO_LARGE', post(one, payload())],
      [415, 'FLTS_CONTENT_TYPE', post(one, '{}', { headers: { 'content-type': 'text/plain' } })],
      [404, 'FLTS_ROUTE_NOT_FOUND', post(one, {}, { path: '/predictions' })],
      [404, 'FLTS_ROUTE_NOT_FOUND', post(one, {}, { path: '/reload_latest' })],
      [405, 'FLTS_METHOD_NOT_ALLOWED', post(one, {}, { path: '/healthz' })],
      [422, 'FLTS_BAD_PARAMETER', post(one, {}, { headers: { 'x-request-timeout-ms': 'soon' } })],
      [422, 'FLTS_BAD_PARAMETER', post(one, { data: { ts: [] } }, { path: '/predict?inference_length=ten' })],
    ];
    for (const [status, code, answer] of cases) {
      const { status: actual, json } = await answer;
      expect([actual, json['code']]).toEqual([status, code]);
      expect(typeof json['detail']).toBe('string');
    }
  });

  it('to malformed HTTP are 400, and the next client is served', async () => {
    const one = await withModel();
    const answer = await raw(one.url, 'GARBAGE\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 400 [\s\S]*"code":"FLTS_BAD_REQUEST"/);
    expect((await get(one, '/healthz')).status).toBe(200);
  });

  it('to a body that never ends are 408', async () => {
    const one = await withModel({ receiveTimeoutMs: '200' });
    const answer = await raw(
      one.url,
      'POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{',
    );
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });

  it('a value that is not finite is a 500 that says so', async () => {
    const folder = temporaryFolder();
    await promoteFixture(folder, { model: logModel });
    const one = await started(folder);
    const body = payload();
    body.data['up'] = Array<number>(30).fill(-1);
    const { status, json } = await post(one, body);
    expect([status, json['code']]).toEqual([500, 'FLTS_NON_FINITE_OUTPUT']);
    expect(json['req_id']).toMatch(/^[0-9a-f]{8}$/);
    expect(one.stats()).toMatchObject({ error_500_total: 1, last_error_type: 'FLTS_NON_FINITE_OUTPUT' });
  });
});

function raw(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('close', () => {
      resolve(answer);
    });
    socket.on('error', reject);
    socket.write(text);
  });
}

describe('keys', () => {
  it('are asked for where they are configured', async () => {
    const file = join(temporaryFolder(), 'keys');
    writeFileSync(file, `# clients\nalice ${createHash('sha256').update('secret').digest('hex')}\n`);
    const one = await withModel({ apiKeysFile: file });
    const asked = (headers: Record<string, string>): Promise<number> =>
      post(one, payload(), { headers }).then((a) => a.status);
    expect(await asked({})).toBe(401);
    expect(await asked({ 'x-api-key': 'guess' })).toBe(401);
    expect(await asked({ 'x-api-key': 'secret' })).toBe(200);
    expect(await asked({ authorization: 'Bearer secret' })).toBe(200);
    expect((await get(one, '/ready')).status).toBe(200);
  });

  it('a bad key file stops the start, with its line and without its text', async () => {
    const file = join(temporaryFolder(), 'keys');
    writeFileSync(file, '# clients\nalice secret\n');
    await expect(withModel({ apiKeysFile: file })).rejects.toMatchObject({
      code: 'FLTS_SETTINGS',
      message: `${file}:2 is not 'NAME SHA256-OF-THE-KEY-IN-HEX'.`,
    });
  });

  it('the admin token opens the admin routes', async () => {
    const one = await withModel({}, { secrets: { FLTS_ADMIN_TOKEN: 'admin' } });
    const reload = (authorization: string): ReturnType<typeof post> =>
      post(one, '', { path: '/reload_latest', headers: { authorization } });
    expect((await reload('Bearer guess')).status).toBe(401);
    const { status, json } = await reload('Bearer admin');
    expect([status, json['loaded'], json['reason']]).toEqual([200, false, null]);
  });
});

describe('model versions', () => {
  it('the pointer moves: the new one serves, and no request is lost meanwhile', async () => {
    const folder = temporaryFolder();
    const first = await promoteFixture(folder, { name: 'one' });
    const one = await started(folder, { workers: '2' });
    const seen: unknown[] = [];
    let isDone = false;
    const client = async (): Promise<void> => {
      while (!isDone) {
        const { status, json, headers } = await post(one, { ...payload(), inference_length: 5 });
        expect([status, headers.get('x-model-run-id')]).toEqual([200, json['run_id']]);
        seen.push(json['run_id']);
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    await until(() => seen.length > 20, 'the first version has answered');
    const second = await promoteFixture(folder, { name: 'two' });
    await until(() => seen.at(-1) === second.run_id, 'the second version answers');
    isDone = true;
    await clients;
    expect(new Set(seen)).toEqual(new Set([first.run_id, second.run_id]));
  });

  it.each([
    ['a wrong golden window', { goldenForecast: [Array<number>(11).fill(7)] }, /golden window/],
    ['a foreign model', { model: foreignModel }, /outputs are y/],
    ['a model that is no ONNX', { model: () => new TextEncoder().encode('no model') }, /cannot be loaded/],
  ])('%s leaves the old one serving, with the reason', async (_name, options, reason) => {
    const folder = temporaryFolder();
    const first = await promoteFixture(folder, { name: 'good' });
    const one = await started(folder, {}, { secrets: { FLTS_ADMIN_TOKEN: 'admin' } });
    const goldenForecast = 'goldenForecast' in options ? options.goldenForecast : [Array<number>(11).fill(0)];
    await promoteFixture(folder, { name: 'bad', ...options, goldenForecast });
    await until(() => one.stats().reason !== null, 'the bad version was tried');
    expect(one.stats()).toMatchObject({ status: 'ready', current_run_id: first.run_id });
    expect(one.stats().reason).toMatch(reason);
    expect((await post(one, payload())).json['run_id']).toBe(first.run_id);
    expect(one.log.events.some((entry) => entry.event === 'model not taken')).toBe(true);
    const reload = await post(one, '', { path: '/reload_latest', headers: { authorization: 'Bearer admin' } });
    expect(reload.json).toMatchObject({ loaded: false, run_id: first.run_id });
    expect(reload.json['reason']).toMatch(reason);
  });

  it('a wrong digest leaves the old one serving', async () => {
    const folder = temporaryFolder();
    await promoteFixture(folder, { name: 'good' });
    const one = await started(folder);
    const bad = await promoteFixture(folder, { name: 'bad' });
    writeFileSync(join(folder, 'models', bad.run_id, 'model.onnx'), 'damaged');
    // Promoted and damaged within one poll, or taken before: what is read next must be the damaged file.
    const fresh = await serve(folder);
    expect(fresh.stats()).toMatchObject({ status: 'not_ready', model_loaded: false });
    expect(fresh.stats().reason).toMatch(/digest/);
    await fresh.stop();
    expect(one.stats().model_loaded).toBe(true);
  });

  it('without one the service stays not ready until there is one', async () => {
    const folder = temporaryFolder();
    const one = await started(folder);
    expect(await get(one, '/ready')).toMatchObject({
      status: 503,
      json: { status: 'not_ready', reason: 'no model is promoted in the registry' },
    });
    expect((await get(one, '/livez')).json).toMatchObject({ status: 'ok', model_ready: false });
    expect(await post(one, payload())).toMatchObject({ status: 503, json: { detail: 'Inference service not ready' } });
    await promoteFixture(folder);
    await until(() => one.stats().status === 'ready', 'the model is served');
    expect((await post(one, payload())).status).toBe(200);
  });

  it('of another identifier are not taken', async () => {
    const one = await withModel({ identifier: 'other' });
    expect(one.stats()).toMatchObject({
      status: 'not_ready',
      reason: "the promoted model is of 'default', not of 'other'",
    });
  });

  it('wait_for_model off: no model, no start', async () => {
    await expect(started(temporaryFolder(), { waitForModel: 'false' })).rejects.toMatchObject({
      code: 'FLTS_NO_MODEL',
    });
  });
});

describe('an inference thread that dies', () => {
  it('is replaced, and its requests are answered', async () => {
    const one = await withModel({}, { workerUrl: oddWorker().url });
    const body = payload();
    body.data['down'] = Array<number>(30).fill(FATAL_CELL);
    const [dies, lives] = await Promise.all([post(one, body), post(one, payload())]);
    expect([dies.status, lives.status]).toEqual([200, 200]);
    expect((dies.json['predictions'] as Record<string, unknown>[])[0]!['down']).toBe(FATAL_CELL + 1);
    expect(one.stats()).toMatchObject({ worker_restarts_total: 1, workers: 1 });
  });
});

describe('the end', () => {
  it('answers what is under way, refuses what comes, and closes', async () => {
    const worker = oddWorker();
    const one = await withModel({}, { workerUrl: worker.url });
    worker.close();
    const long = post(one, { ...payload(), inference_length: 20 });
    await until(() => one.stats().active === 1, 'the long request runs');
    const stopping = one.stop();
    const late = await post(one, payload());
    expect(late).toMatchObject({ status: 503, json: { code: 'FLTS_DRAINING', reason: 'draining' } });
    expect([late.headers.get('retry-after'), late.headers.get('connection')]).toEqual(['1', 'close']);
    expect(await get(one, '/readyz')).toMatchObject({ status: 503, json: { reason: 'the process is shutting down' } });
    worker.open();
    expect(await stopping).toBe(true);
    expect((await long).json['predictions']).toHaveLength(20);
    await expect(get(one, '/livez')).rejects.toThrow();
  });

  it('with notice answers and closes connections, then takes none and finishes what is under way', async () => {
    const worker = oddWorker();
    const one = await withModel({ drainNoticeMs: '3000' }, { workerUrl: worker.url });
    const stopping = one.stop();
    const noticed = await post(one, payload());
    expect([noticed.status, noticed.headers.get('connection')]).toEqual([200, 'close']);
    expect(await get(one, '/ready')).toMatchObject({ status: 503, json: { reason: 'the process is shutting down' } });
    worker.close();
    const long = post(one, payload());
    await until(() => one.stats().active === 1, 'the long request runs');
    const refused = async (): Promise<boolean> =>
      get(one, '/livez').then(
        () => false,
        () => true,
      );
    await until(refused, 'nobody can connect');
    expect(one.stats().active).toBe(1);
    worker.open();
    expect((await long).status).toBe(200);
    expect(await stopping).toBe(true);
  });

  it('comes in bounded time, though a request cannot be finished', async () => {
    const worker = oddWorker();
    const one = await withModel({ drainGraceMs: '100' }, { workerUrl: worker.url });
    worker.close();
    const stuck = post(one, payload()).catch(() => null);
    await until(() => one.stats().active === 1, 'the request runs');
    expect(await one.stop()).toBe(false);
    expect(await stuck).toBe(null);
  });

  it('a port that is taken is one clear sentence', async () => {
    const one = await withModel();
    const { port } = new URL(one.url);
    await expect(serve(temporaryFolder(), { port })).rejects.toMatchObject({
      code: 'FLTS_PORT_IN_USE',
      message: `Port ${port} on 127.0.0.1 is taken by another process.`,
    });
  });
});

describe('overload', () => {
  it('a full queue is 503 with Retry-After, a passed deadline is 504, a client that has gone is dropped', async () => {
    const worker = oddWorker();
    const limits = { predictMaxConcurrency: '1', maxQueueLength: '2', maxSeries: '2' };
    const one = await withModel(limits, { workerUrl: worker.url });
    worker.close();
    const holds = post(one, payload());
    await until(() => one.stats().active === 1, 'the worker is taken');
    const leaving = new AbortController();
    const goes = post(one, payload(), { signal: leaving.signal }).catch(() => null);
    const stays = post(one, payload());
    await until(() => one.stats().queue_length === 2, 'two wait');
    const full = await post(one, payload());
    expect(full).toMatchObject({ status: 503, json: { code: 'FLTS_QUEUE_FULL', reason: 'queue_full' } });
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    leaving.abort();
    expect(await goes).toBe(null);
    await until(() => one.stats().shed_total['client_gone'] === 1, 'the one who left is counted');
    const late = await post(one, payload(), { headers: { 'x-request-timeout-ms': '50' } });
    expect(late).toMatchObject({ status: 504, json: { code: 'FLTS_DEADLINE' } });
    worker.open();
    expect([(await holds).status, (await stays).status]).toEqual([200, 200]);
    expect(one.stats().shed_total).toEqual({ queue_full: 1, client_gone: 1, deadline: 1 });
    // The two that left the queue never reached the model.
    expect(one.stats()).toMatchObject({ limit: 1, completed: 5, active: 0, queue_length: 0 });
  });

  it('the server’s own time limit holds for all', async () => {
    const worker = oddWorker();
    const one = await withModel({ requestTimeoutMs: '60' }, { workerUrl: worker.url });
    worker.close();
    expect((await post(one, payload(), { headers: { 'x-request-timeout-ms': '60000' } })).status).toBe(504);
    worker.open();
  });
});

describe('metrics', () => {
  it('every one is exported, and moves', async () => {
    const folder = temporaryFolder();
    const worker = oddWorker();
    const one = await started(
      folder,
      { enablePredictCache: 'true', predictMaxConcurrency: '1', maxQueueLength: '1', maxSeries: '1' },
      { workerUrl: worker.url },
    );
    const before = await scrape(one);
    const logging = await promoteFixture(folder, { model: logModel });
    await until(() => one.stats().current_run_id === logging.run_id, 'the log model serves');
    const fatal = payload();
    fatal.data['down'] = Array<number>(30).fill(FATAL_CELL);
    await post(one, fatal);
    const negative = payload();
    negative.data['up'] = Array<number>(30).fill(-1);
    await post(one, negative);
    await post(one, payload());
    await post(one, payload());
    worker.close();
    const holds = post(one, payload(11));
    await until(() => one.stats().active === 1, 'the worker is taken');
    const waits = post(one, payload(12));
    await until(() => one.stats().queue_length === 1, 'one waits');
    await post(one, payload(9));
    expect((await post(one, negative)).status).toBe(503);
    const during = await scrape(one);
    worker.open();
    await Promise.all([holds, waits]);
    let after = await scrape(one);
    // A share of time is taken over a second or more.
    await until(async () => {
      after = await scrape(one);
      return after.values.get('inference_worker_utilization') !== '0';
    }, 'the utilization has moved');

    const unmoved = Object.keys(METRICS).filter((name) => {
      const values = [before, during, after].map((page) => page.values.get(name));
      return after.values.get(name) === undefined || new Set(values).size === 1;
    });
    // Control groups are the machine's, and the version of the build is what it is; processes are moved by
    // processes.test.ts; the request limit moves in serve-settings.test.ts, rollbacks and problems in swaps.test.ts.
    const steady = [
      'cgroup_cpu_periods_total',
      'cgroup_cpu_throttled_periods_total',
      'cgroup_cpu_throttled_seconds_total',
    ];
    expect(unmoved.filter((name) => !steady.includes(name))).toEqual([
      'inference_request_limit',
      'flts_processes',
      'flts_process_restarts_total',
      'inference_model_rollbacks_total',
      'inference_model_problem',
      'inference_registry_failures_total',
      'inference_registry_problem',
      'flts_build_info',
    ]);
    for (const name of steady) expect(after.values.has(name)).toBe(true);
  });

  it('as JSON are the queue’s state', async () => {
    const one = await withModel();
    const { json } = await get(one, '/metrics', { accept: 'application/json' });
    expect(Object.keys(json)).toEqual(Object.keys((await get(one, '/queue_stats')).json));
  });
});

/** A metric's lines as one text (histograms: their counts), by name. */
async function scrape(one: TestService): Promise<{ values: Map<string, string> }> {
  const text = await (await fetch(`${one.url}/metrics`)).text();
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name = '', rest = ''] = /^(\w+?)(?:_count)?((?:\{| ).*)$/.exec(line) ?? [];
    if (name in METRICS) values.set(name, `${values.get(name) ?? ''}${rest}`.replace(/^ /, ''));
  }
  return { values };
}

it('a registry bundle that is not there keeps the service waiting, and says which', async () => {
  const folder = temporaryFolder();
  const registry = openRegistry(folder);
  const { bundle, model } = await fixtureBundle();
  await registry.write(bundle, model);
  const pointer = { ...(await pointerOf(folder, bundle.run_id)), run_id: '0'.repeat(32) };
  writeFileSync(join(folder, 'current.json'), JSON.stringify(pointer));
  const one = await started(folder);
  expect(one.stats().reason).toMatch(/has no model of run 0{32}/);
});

async function pointerOf(folder: string, runId: string): Promise<object> {
  const options = { identifier: 'default', experiment: 'x', force: true, timestamp: '2024-01-01T00:00:00Z' };
  return openRegistry(folder).promote(runId, options);
}
