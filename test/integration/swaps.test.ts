/** Changes of version in the real service: over HTTP, with worker threads and a registry in a folder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openRegistry } from '../../src/registry/index.js';
import { fixtureBundle, payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { logModel } from '../support/onnx-fixture.js';
import { type Answer, post, serve, type TestService, until } from '../support/running-service.js';

let service: TestService | null = null;
afterEach(async () => {
  await service?.stop();
  service = null;
});

async function started(...args: Parameters<typeof serve>): Promise<TestService> {
  service = await serve(...args);
  return service;
}

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

async function index(one: TestService, body: unknown = ''): Promise<Entry[]> {
  const { status, json } = await post(one, body, { path: '/v2/repository/index' });
  expect(status).toBe(200);
  return json as unknown as Entry[];
}

const metricsOf = async (one: TestService): Promise<string> => (await fetch(`${one.url}/metrics`)).text();

const negative = (): ReturnType<typeof payload> => {
  const body = payload();
  body.data['up'] = Array<number>(30).fill(-1);
  return body;
};

describe('POST /v2/repository/index', () => {
  it('is an array of every version with its state and reason', async () => {
    const folder = temporaryFolder();
    const one = await started(folder);
    expect(await index(one)).toEqual([
      { name: 'default', version: '', state: 'UNAVAILABLE', reason: 'no model is promoted in the registry' },
    ]);
    const first = await promoteFixture(folder, { name: 'first' });
    await until(() => one.stats().status === 'ready', 'the first serves');
    const ready = { name: 'default', version: first.run_id, state: 'READY', reason: '' };
    expect(await index(one)).toEqual([ready]);
    const bad = await promoteFixture(folder, { name: 'bad', goldenForecast: [Array<number>(11).fill(7)] });
    await until(() => one.stats().reason !== null, 'the bad one was tried');
    expect(await index(one)).toEqual([
      ready,
      {
        name: 'default',
        version: bad.run_id,
        state: 'UNAVAILABLE',
        reason: expect.stringMatching(/golden window: 'down'/) as string,
      },
    ]);
    expect(await index(one, { ready: true })).toEqual([ready]);
    expect(await metricsOf(one)).toContain(
      `inference_model_problem{identifier="default",run_id="${bad.run_id}",code="FLTS_GOLDEN_MISMATCH"} 1`,
    );
  });
});

describe('a version that is worse than the one before', () => {
  it('is rolled back by rule, shown with its reason, and does not come back by itself', async () => {
    const folder = temporaryFolder();
    const first = await promoteFixture(folder, { name: 'first' });
    const one = await started(folder, {}, { secrets: { FLTS_ADMIN_TOKEN: 'admin' } });
    const second = await promoteFixture(folder, { name: 'second', model: logModel });
    await until(() => one.stats().current_run_id === second.run_id, 'the second serves');
    const answers: Answer[] = [];
    await until(async () => {
      answers.push(await post(one, negative()));
      return one.stats().current_run_id === first.run_id;
    }, 'the first serves again');
    expect(answers.filter(({ status }) => status === 500).length).toBeGreaterThanOrEqual(5);
    expect((await post(one, negative())).json['run_id']).toBe(first.run_id);
    await until(async () => (await index(one)).some(({ state }) => state === 'UNAVAILABLE'), 'the second has gone');
    expect((await index(one)).find(({ version }) => version === second.run_id)?.reason).toMatch(/^rolled back: \d+ of/);
    expect(await metricsOf(one)).toContain('inference_model_rollbacks_total{cause="non_finite"} 1');
    expect(one.stats().reason).toContain('rolled back');
    const reload = await post(one, '', { path: '/reload_latest', headers: { authorization: 'Bearer admin' } });
    expect(reload.json).toMatchObject({ loaded: true, run_id: second.run_id });
  });

  it('stays where no trial is wanted', async () => {
    const folder = temporaryFolder();
    await promoteFixture(folder, { name: 'first' });
    const one = await started(folder, { rollbackWatchMs: '0' });
    const second = await promoteFixture(folder, { name: 'second', model: logModel });
    await until(() => one.stats().current_run_id === second.run_id, 'the second serves');
    for (let i = 0; i < 10; i++) await post(one, negative());
    await until(async () => (await index(one)).length === 1, 'the first has gone');
    expect(one.stats().current_run_id).toBe(second.run_id);
  });
});

describe('memory', () => {
  it('that must stay free keeps another version from being loaded', async () => {
    const folder = temporaryFolder();
    await promoteFixture(folder);
    const one = await started(folder, { memoryReserveBytes: String(2 ** 40) });
    expect(one.stats()).toMatchObject({ status: 'not_ready' });
    expect(one.stats().reason).toMatch(/is not loaded: it needs about \d+ MiB, and 1048576 MiB must stay free/);
  });
});

describe('a pointer that was written in part', () => {
  it('changes nothing until it is whole', async () => {
    const folder = temporaryFolder();
    const first = await promoteFixture(folder, { name: 'first' });
    const one = await started(folder);
    writeFileSync(join(folder, 'current.json'), '{"identifier": "default", "run_');
    await until(() => one.stats().reason !== null, 'it was read');
    expect(one.stats().reason).toMatch(/current.json is damaged: it is not JSON/);
    expect(await index(one)).toHaveLength(2);
    const page = await metricsOf(one);
    expect(page).toContain('inference_registry_problem{identifier="default",code="FLTS_BUNDLE_CORRUPT"} 1');
    expect(page).toMatch(/inference_registry_failures_total\{code="FLTS_BUNDLE_CORRUPT"\} [1-9]/);
    expect((await post(one, payload())).json['run_id']).toBe(first.run_id);
    const second = await promoteFixture(folder, { name: 'second' });
    await until(() => one.stats().current_run_id === second.run_id, 'the second serves');
    expect(one.stats().reason).toBeNull();
    expect(await metricsOf(one)).not.toContain('inference_registry_problem{');
  });
});

describe('several models and versions', () => {
  it('each answers by its name, the newest by their versions', async () => {
    const [folder, cells] = [temporaryFolder(), temporaryFolder()];
    const main = await promoteFixture(folder, { name: 'main' });
    const old = await promoteFixture(cells, { name: 'old' });
    const { bundle, model } = await fixtureBundle({ name: 'new' });
    await openRegistry(cells).write({ ...bundle, created: '2025-01-01T00:00:00Z' }, model);
    const one = await started(folder, { models: `cells=dir:${cells}#newest:1` });
    const asked = async (query: string): Promise<unknown[]> => {
      const { status, json } = await post(one, payload(), { path: `/predict${query}` });
      return [status, json['run_id'], json['identifier']];
    };
    expect(await asked('')).toEqual([200, main.run_id, 'default']);
    expect(await asked('?model=default')).toEqual([200, main.run_id, 'default']);
    expect(await asked('?model=cells')).toEqual([200, old.run_id, 'cells']);
    expect(await asked(`?model=cells&version=${bundle.run_id}`)).toEqual([200, bundle.run_id, 'cells']);
    expect(await asked(`?version=${bundle.run_id}`)).toEqual([404, undefined, undefined]);
    expect((await index(one)).map(({ name, state }) => `${name} ${state}`)).toEqual([
      'default READY',
      'cells READY',
      'cells READY',
    ]);
    const page = await metricsOf(one);
    expect(page).toContain(`inference_version_requests{run_id="${bundle.run_id}",outcome="answered"} 1`);
    expect(page).toContain(`inference_model_info{run_id="${bundle.run_id}",model_type="LSTM",identifier="cells"} 0`);
    expect(page).toContain(`inference_model_info{run_id="${old.run_id}",model_type="LSTM",identifier="cells"} 1`);
    expect(page).toContain('\ninference_workers_total 3\n');
  });

  it('no more than max_model_versions', async () => {
    const folder = temporaryFolder();
    for (const name of ['a', 'b', 'c']) await promoteFixture(folder, { name });
    const one = await started(folder, { versionPolicy: 'newest:3', maxModelVersions: '2' });
    expect(await index(one)).toHaveLength(2);
  });

  it('a policy that is none stops the start', async () => {
    await expect(serve(temporaryFolder(), { versionPolicy: 'best' })).rejects.toMatchObject({ code: 'FLTS_SETTINGS' });
  });
});
