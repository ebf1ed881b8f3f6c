import { execFile } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { oddWorker } from '../support/odd-worker.js';
import { post, serve, type TestService, until } from '../support/running-service.js';

let service: TestService | null = null;

afterEach(async () => {
  await service?.stop();
  service = null;
});

async function withModel(options: Parameters<typeof serve>[2] = {}): Promise<TestService> {
  const folder = temporaryFolder();
  await promoteFixture(folder);
  service = await serve(folder, { maxQueueLength: '100', maxSeries: '100' }, options);
  return service;
}

function predictions(count: number): string {
  const body = JSON.stringify(payload());
  const head = `POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return `${head}${body}`.repeat(count);
}

function open(one: TestService): { socket: Socket; received: () => string; closed: Promise<void> } {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(one.url).port) });
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const closed = new Promise<void>((resolve) => {
    socket
      .on('error', () => undefined)
      .once('close', () => {
        resolve();
      });
  });
  return { socket, received: () => text, closed };
}

async function gauge(one: TestService, name: string): Promise<number> {
  const text = await (await fetch(`${one.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

describe('a pipelining connection', () => {
  it('is answered in order', async () => {
    const one = await withModel();
    const { socket, received } = open(one);
    socket.write(predictions(8));
    await until(() => received().split('"status":"SUCCESS"').length === 9, 'all are answered');
    socket.destroy();
    expect(received().match(/HTTP\/1\.1 \d+/g)).toEqual(Array(8).fill('HTTP/1.1 200'));
  });

  it('that goes leaves nothing behind, though its answers waited behind each other', async () => {
    const worker = oddWorker();
    const one = await withModel({ workerUrl: worker.url });
    worker.close();
    const { socket } = open(one);
    socket.write(predictions(8));
    await until(() => one.stats().active + one.stats().queue_length === 8, 'all are admitted');
    socket.destroy();
    await until(async () => (await gauge(one, 'http_requests_in_flight')) === 1, 'only the scrape is under way');
    expect(await gauge(one, 'inference_bytes_in_flight')).toBe(0);
    worker.open();
    await until(() => one.stats().active === 0, 'the batch has ended');
    expect((await post(one, payload())).status).toBe(200);
  });

  it('with too many unanswered requests is cut off, and the next client is served', async () => {
    const worker = oddWorker();
    const one = await withModel({ workerUrl: worker.url });
    worker.close();
    const { socket, closed } = open(one);
    socket.write(predictions(40));
    await closed;
    expect(one.stats().queue_length + one.stats().active).toBeLessThanOrEqual(16);
    worker.open();
    expect((await post(one, payload())).status).toBe(200);
    await until(async () => (await gauge(one, 'http_requests_in_flight')) === 1, 'nothing is left behind');
  });
});

it('500 idle connections, slow senders, garbage and pipelines: good clients are served, memory is bounded', async () => {
  const bench = fileURLToPath(new URL('../../bench/abuse.mjs', import.meta.url));
  const args = [bench, '--idle', '500', '--hostile', '10', '--seconds', '5', '--max-growth-mb', '200'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const result = JSON.parse(stdout) as { problems: string[]; outcomes: Record<string, Record<string, number>> };
  expect(result.problems).toEqual([]);
  expect(result.outcomes['garbage']?.['400']).toBeGreaterThan(0);
  expect(result.outcomes['hugeHeaders']?.['431']).toBeGreaterThan(0);
}, 60_000);
