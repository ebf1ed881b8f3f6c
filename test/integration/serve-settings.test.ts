import { afterEach, describe, expect, it } from 'vitest';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { oddWorker } from '../support/odd-worker.js';
import { post, serve, type TestService, until } from '../support/running-service.js';

/** Each setting changes what the service does; those of commands and time limits are tested with what they govern. */

let service: TestService | null = null;

async function withSettings(
  ...[flags, options]: [Parameters<typeof serve>[1], Parameters<typeof serve>[2]?]
): Promise<TestService> {
  const folder = temporaryFolder();
  await promoteFixture(folder);
  service = await serve(folder, flags, options);
  return service;
}

afterEach(async () => {
  await service?.stop();
  service = null;
});

const series = (count: number): object => ({
  series: Array.from({ length: count }, (_, i) => ({ id: String(i), ...payload() })),
});

async function cachedAfterFirst(one: TestService): Promise<unknown> {
  const body = { ...payload(), inference_length: 20 };
  await post(one, body);
  return (await post(one, body)).json['cached'];
}

describe('settings', () => {
  it.each([
    ['false', ['listening', 'model taken']],
    ['true', ['model taken', 'listening']],
  ])('listen_when_ready %s', async (listenWhenReady, order) => {
    const { log } = await withSettings({ listenWhenReady });
    const events = log.events.map((one) => one.event);
    expect(events.filter((event) => order.includes(event))).toEqual(order);
  });

  it('workers', async () => {
    expect((await withSettings({ workers: '2' })).stats().workers).toBe(2);
  });

  it.each([
    ['1', 'batch;desc="1"'],
    ['8', 'batch;desc="3"'],
  ])('max_batch_rows %s', async (maxBatchRows, batch) => {
    const one = await withSettings({ maxBatchRows });
    expect((await post(one, series(3))).headers.get('server-timing')).toContain(batch);
  });

  it('max_series', async () => {
    const { status, json } = await post(await withSettings({ maxSeries: '2' }), series(3));
    expect([status, json['detail']]).toEqual([400, "'series' must have at most 2 entries, got 3"]);
  });

  it('max_forecast_rows', async () => {
    const { status, json } = await post(await withSettings({ maxForecastRows: '5' }), {
      ...payload(),
      inference_length: 6,
    });
    expect([status, json['code']]).toEqual([422, 'FLTS_BAD_PARAMETER']);
  });

  it('enable_predict_cache', async () => {
    expect(await cachedAfterFirst(await withSettings({}))).toBe(false);
    await service?.stop();
    const one = await withSettings({ enablePredictCache: 'true' });
    expect(await cachedAfterFirst(one)).toBe(true);
    expect(one.stats()).toMatchObject({ served_cached: 1, cache_hit_rate: 0.5 });
  });

  it('cache_max_bytes: an answer that does not fit is not kept', async () => {
    expect(await cachedAfterFirst(await withSettings({ enablePredictCache: 'true', cacheMaxBytes: '1024' }))).toBe(
      false,
    );
  });

  it('cache_ttl_ms', async () => {
    const one = await withSettings({ enablePredictCache: 'true', cacheTtlMs: '1' });
    await until(async () => (await cachedAfterFirst(one)) === false, 'an answer was too old');
  });

  it('registry_poll_ms: a slow poll takes a new version only when asked to', async () => {
    const folder = temporaryFolder();
    const first = await promoteFixture(folder, { name: 'one' });
    service = await serve(folder, { registryPollMs: '3600000' }, { secrets: { FLTS_ADMIN_TOKEN: 'admin' } });
    const second = await promoteFixture(folder, { name: 'two' });
    expect((await post(service, payload())).json['run_id']).toBe(first.run_id);
    const reload = await post(service, '', { path: '/reload_latest', headers: { authorization: 'Bearer admin' } });
    expect(reload.json).toMatchObject({ loaded: true, run_id: second.run_id, reason: null });
    expect((await post(service, payload())).json['run_id']).toBe(second.run_id);
  });

  it('predict_max_concurrency: as many requests are dispatched, the others wait', async () => {
    const worker = oddWorker();
    const one = await withSettings({ predictMaxConcurrency: '1', workers: '2' }, { workerUrl: worker.url });
    worker.close();
    const asked = [post(one, payload()), post(one, payload())];
    await until(() => one.stats().queue_length === 1, 'one waits');
    expect(one.stats()).toMatchObject({ active: 1, limit: 1, workers_busy: 1, workers: 2 });
    worker.open();
    expect((await Promise.all(asked)).map((answer) => answer.status)).toEqual([200, 200]);
  });
});
