import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/contract/index.js';
import { type LoadTestOptions, runLoadTest } from '../../src/loadtest/index.js';
import { readRunBundle } from '../../src/report/index.js';
import { startPredictServer } from '../support/predict-server.js';

/** Generator processes start from real built files. */
const GENERATOR = new URL('../../dist/loadtest/generator/generator-process.js', import.meta.url);

let folder: string;
const toClose: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flts-bad-'));
});
afterEach(() => {
  for (const close of toClose.splice(0)) close();
  rmSync(folder, { recursive: true, force: true });
});

/** A server that answers every request with these bytes, or worse. */
async function rawServer(answer: (socket: Socket, n: number) => void): Promise<string> {
  let n = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      answer(socket, n++);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  toClose.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const scenario: Scenario = {
  request: { check: 'json', timeout_s: 1 },
  phases: [{ name: 'p', users: 2, requests_per_user: 3 }],
};
const load = (target: string, change: Partial<LoadTestOptions> = {}) =>
  runLoadTest({
    target,
    outDir: join(folder, 'run'),
    version: 'test',
    generatorUrl: GENERATOR,
    nullUrl: '/nowhere',
    scenario,
    ...change,
  });

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';

describe('a target that misbehaves after the first answer', () => {
  it.each([
    ['resetting', (socket: Socket) => socket.resetAndDestroy(), 'reset'],
    ['hanging', () => undefined, 'timeout'],
    ['answering garbage', (socket: Socket) => socket.write('\x00\x01garbage\r\n\r\n'), 'bad_answer'],
    [
      'sending half a body',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"a'),
      'bad_answer',
    ],
    [
      'of the wrong status',
      (socket: Socket) => socket.write('HTTP/1.1 418 I\r\nContent-Length: 0\r\n\r\n'),
      'http_4xx',
    ],
    [
      'redirecting in a circle',
      (socket: Socket) => socket.write('HTTP/1.1 302 Found\r\nLocation: /predict\r\nContent-Length: 0\r\n\r\n'),
      'http_other',
    ],
  ])('by %s is counted', async (_, misbehave, kind) => {
    const target = await rawServer((socket, n) => {
      if (n < 2)
        socket.write(OK); // the request before the load, and the null route
      else misbehave(socket);
    });
    const { run } = await load(target);
    expect(run.phases[0]).toMatchObject({ requests: 6, failed: 6, failures: { [kind]: 6 } });
    expect((await readRunBundle(join(folder, 'run'))).gaps).toEqual([]);
  });

  it('by redirecting from the start is refused with what to do', async () => {
    const target = await rawServer((socket) =>
      socket.write('HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n'),
    );
    await expect(load(target)).rejects.toMatchObject({
      code: 'FLTS_TARGET_REFUSED',
      message: expect.stringContaining('redirects are not followed') as string,
    });
  });

  it('by going away keeps what was measured', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        if (!chunk.toString('latin1').startsWith('POST') || ++answered <= 20) socket.write(OK);
        else {
          server.close();
          for (const open of sockets) open.destroy();
        }
      });
    });
    let answered = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { run } = await load(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      scenario: { ...scenario, phases: [{ name: 'p', users: 2, duration_s: 1 }] },
    });
    expect(run.phases[0]?.succeeded).toBeGreaterThanOrEqual(15);
    expect(Object.keys(run.phases[0]?.failures ?? {})).toContain('connect');
  });
});

describe('TLS', () => {
  it('refuses a certificate that nobody trusts, and takes it by its authority or by consent', async () => {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
        ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem'), '-subj', '/CN=localhost'],
        ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ],
      { stdio: 'ignore' },
    );
    const server = createTlsServer(
      { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) },
      (request, response) => {
        request.resume();
        request.on('end', () => response.end('{}'));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    toClose.push(() => {
      server.close();
      server.closeAllConnections();
    });
    const target = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(load(target)).rejects.toMatchObject({
      code: 'FLTS_TARGET_DOWN',
      message: expect.stringMatching(/self[- ]signed certificate/) as string,
    });
    for (const tls of [{ ca: 'cert.pem' }, { insecure: true }]) {
      const { run } = await load(target, {
        scenario: { ...scenario, request: { ...scenario.request, tls } },
        scenarioFolder: folder,
      });
      expect(run.phases[0]).toMatchObject({ requests: 6, failed: 0 });
    }
    await expect(load(target.replace('https', 'http'))).rejects.toMatchObject({ code: 'FLTS_TARGET_DOWN' });
  });
});

describe('a disk that is full', () => {
  it('says so, and leaves no half file', async () => {
    const server = await startPredictServer({});
    toClose.push(() => void server.close());
    // A full disk in the shape of a file: every write to /dev/full fails with ENOSPC.
    const outDir = join(folder, 'run');
    const running = load(server.url, {
      scenario: { phases: [{ name: 'p', users: 1, requests_per_user: 2 }] },
      onProgress: ({ step }) => {
        if (step !== 'writing') return;
        symlinkSync('/dev/full', join(outDir, `histograms.hlog.${process.pid}.tmp`));
      },
    });
    await expect(running).rejects.toMatchObject({
      code: 'FLTS_CANNOT_WRITE',
      message: expect.stringContaining('ENOSPC') as string,
    });
    expect(readdirSync(outDir)).toEqual([]);
  });
});

describe('secrets', () => {
  it('of headers and of the query never reach a bundle', async () => {
    const server = await startPredictServer({});
    toClose.push(() => void server.close());
    await load(server.url, {
      scenario: {
        request: {
          path: '/predict?api_key=hush-3',
          headers: { Authorization: 'Bearer hush-1', 'X-Api-Key': 'hush-2' },
        },
        phases: [{ name: 'p', users: 1, requests_per_user: 2 }],
      },
    });
    expect(server.seen.filter(({ url }) => url.includes('hush-3')).length).toBeGreaterThanOrEqual(2);
    for (const file of readdirSync(join(folder, 'run'))) {
      const raw = readFileSync(join(folder, 'run', file));
      expect((file.endsWith('.gz') ? gunzipSync(raw) : raw).toString('latin1')).not.toContain('hush-');
    }
  });
});

describe('bundles of others', () => {
  it.each([
    ['{"schema_version":1,"phases":[{"na', 'is not JSON; it may be cut short', 'FLTS_RUN_BUNDLE'],
    ['{"schema_version":2,"phases":[]}', 'newer than 1', 'FLTS_BUNDLE_VERSION'],
    ['{"root_group":{"name":"k6"},"metrics":{}}', 'is not a run of flts', 'FLTS_RUN_BUNDLE'],
    ['', 'is not JSON', 'FLTS_RUN_BUNDLE'],
  ])('are refused in one sentence: %s', async (text, said, code) => {
    writeFileSync(join(folder, 'run.json'), text);
    await expect(readRunBundle(folder)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(said) as string,
    });
    expect(existsSync(join(folder, 'report.html'))).toBe(false);
  });
});
