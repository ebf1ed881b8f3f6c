import { Agent, get as httpGet } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { DEADLY_CELL, oddWorker } from '../support/odd-worker.js';
import { type Answer, get, post, serve, type TestService, until } from '../support/running-service.js';

let service: TestService | null = null;

async function withModel(
  flags: Parameters<typeof serve>[1] = {},
  options: Parameters<typeof serve>[2] = {},
): Promise<TestService> {
  const folder = temporaryFolder();
  await promoteFixture(folder);
  service = await serve(folder, flags, { secrets: { FLTS_ADMIN_TOKEN: 'admin' }, ...options });
  return service;
}

afterEach(async () => {
  await service?.stop();
  service = null;
});

function scale(one: TestService, body: unknown, token = 'admin'): Promise<Answer> {
  return post(one, body, { path: '/scale_workers', headers: { authorization: `Bearer ${token}` } });
}

describe('POST /scale_workers', () => {
  it('changes the threads while they serve, and nothing is lost', async () => {
    const one = await withModel();
    const statuses: number[] = [];
    let isDone = false;
    const client = async (): Promise<void> => {
      while (!isDone) statuses.push((await post(one, { ...payload(), inference_length: 5 })).status);
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    await until(() => statuses.length > 20, 'requests are answered');
    expect(await scale(one, { workers: 3 })).toMatchObject({
      status: 200,
      json: { workers: 3, before: 1, processes: 1 },
    });
    expect(one.stats().workers).toBe(3);
    expect(await (await fetch(`${one.url}/metrics`)).text()).toContain('\ninference_workers_total 3\n');
    const seen = statuses.length;
    await until(() => statuses.length > seen + 20, 'more are answered');
    expect((await scale(one, { workers: 1 })).json).toEqual({ workers: 1, before: 3, processes: 1 });
    await until(() => one.stats().workers === 1, 'the others have finished their batch');
    isDone = true;
    await clients;
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('a thread that runs a batch finishes it before it leaves', async () => {
    const worker = oddWorker();
    const one = await withModel({ workers: '2', maxBatchRows: '1' }, { workerUrl: worker.url });
    worker.close();
    const asked = [post(one, payload()), post(one, payload())];
    await until(() => one.stats().workers_busy === 2, 'both run');
    expect((await scale(one, { workers: 1 })).status).toBe(200);
    expect(one.stats()).toMatchObject({ workers: 2, workers_busy: 2 });
    worker.open();
    expect((await Promise.all(asked)).map((answer) => answer.status)).toEqual([200, 200]);
    await until(() => one.stats().workers === 1, 'one has left');
    expect((await post(one, payload())).status).toBe(200);
  });

  it('holds for the next model version, too', async () => {
    const folder = temporaryFolder();
    await promoteFixture(folder, { name: 'one' });
    service = await serve(folder, {}, { secrets: { FLTS_ADMIN_TOKEN: 'admin' } });
    const one = service;
    await scale(one, { workers: 2 });
    const second = await promoteFixture(folder, { name: 'two' });
    await until(() => one.stats().current_run_id === second.run_id, 'the second version serves');
    expect(one.stats().workers).toBe(2);
  });

  it.each([[{}], [{ workers: 0 }], [{ workers: 257 }], [{ workers: 1.5 }], [{ workers: '2' }], [[2]]])(
    '%j is 422, and changes nothing',
    async (body) => {
      const one = await withModel();
      expect(await scale(one, body)).toMatchObject({ status: 422, json: { code: 'FLTS_BAD_PARAMETER' } });
      expect(one.stats().workers).toBe(1);
    },
  );

  it('is for the admin', async () => {
    expect((await scale(await withModel(), { workers: 2 }, 'guess')).status).toBe(401);
  });
});

it('a request that ends every thread is 503 after its second, and the threads come back', async () => {
  const one = await withModel({}, { workerUrl: oddWorker().url });
  const body = payload();
  body.data['down'] = Array<number>(30).fill(DEADLY_CELL);
  expect(await post(one, body)).toMatchObject({ status: 503, json: { code: 'FLTS_WORKER_FAILED' } });
  expect(one.stats().worker_restarts_total).toBe(2);
  expect((await post(one, payload())).status).toBe(200);
});

it('device: one that is not there stops the start before anything listens', async () => {
  await expect(withModel({ device: 'cuda' })).rejects.toMatchObject({
    code: 'FLTS_NO_DEVICE',
    message: expect.stringMatching(/^Device 'cuda' cannot be used: \S.*\.$/) as string,
  });
});

describe('a connection', () => {
  /** Answers on one connection, as long as the server keeps it: which of them closed it? */
  async function answersUntilClosed(one: TestService, atMost: number): Promise<number> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let answers = 1; answers <= atMost; answers++) {
      const connection = await new Promise<string | undefined>((resolve, reject) => {
        httpGet(`${one.url}/livez`, { agent }, (response) => {
          response.resume().on('end', () => {
            resolve(response.headers.connection);
          });
        }).on('error', reject);
      });
      if (connection === 'close') return answers;
    }
    agent.destroy();
    return Number.POSITIVE_INFINITY;
  }

  it('max_connection_requests: its last answer closes it, a little earlier for some', async () => {
    const one = await withModel({ maxConnectionRequests: '10' });
    const lives = await Promise.all(Array.from({ length: 20 }, () => answersUntilClosed(one, 11)));
    expect(Math.min(...lives)).toBeGreaterThanOrEqual(8);
    expect(Math.max(...lives)).toBeLessThanOrEqual(10);
    expect(new Set(lives).size).toBeGreaterThan(1);
  });

  it('max_connection_age_ms: the first answer after that age closes it', async () => {
    expect(await answersUntilClosed(await withModel(), 5)).toBe(Number.POSITIVE_INFINITY);
    await service?.stop();
    const one = await withModel({ maxConnectionAgeMs: '1' });
    await until(async () => (await answersUntilClosed(one, 1)) === 1, 'a connection was old at its first answer');
  });

  it('counts predictions as well', async () => {
    const one = await withModel({ maxConnectionRequests: '1' });
    expect((await post(one, payload())).headers.get('connection')).toBe('close');
    expect((await get(one, '/ready')).headers.get('connection')).toBe('close');
  });
});
