import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { inClusterAccess, KubeProbe, podRestarts } from './kube-probe.js';
import { parsePrometheusText } from './prometheus-text.js';
import { residentMemory } from './resident-memory.js';
import { ProbeClient, ServerProbe } from './server-probe.js';

let server: Server | null = null;

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const made = createServer(answer);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = null;
});

const TEXT = `# HELP queue_len Requests that wait.
# TYPE queue_len gauge
queue_len 7
requests_total{code="200",path="/a b"} 40 1700000000000
requests_total{code="500"} 2
latency_seconds_bucket{le="0.1"} 9
latency_seconds_sum 1.5e1
latency_seconds_count 10
rpc{quantile="0.5"} 3
odd NaN
`;

describe('parsePrometheusText', () => {
  it('sums over label sets and leaves out what does not add up', () => {
    expect(parsePrometheusText(TEXT)).toEqual({
      queue_len: 7,
      requests_total: 42,
      latency_seconds_sum: 15,
      latency_seconds_count: 10,
    });
    expect(parsePrometheusText('<html>not found</html>')).toEqual({});
  });
});

describe('ServerProbe', () => {
  it('reads the Prometheus text of a service that has nothing else', async () => {
    const url = await listen((request, response) => {
      if (request.url !== '/metrics') response.writeHead(404).end();
      else response.end('inference_queue_len 3\nprocess_resident_memory_bytes 1000\n');
    });
    const client = new ProbeClient(url, {});
    const probe = new ServerProbe(
      client,
      () => 5_000_000,
      () => 'p',
    );
    expect(await probe.discover()).toBeNull();
    await probe.ask();
    expect(probe.samples).toEqual([
      {
        at_us: 5_000_000,
        phase: 'p',
        ready: false,
        stats: null,
        prometheus: { inference_queue_len: 3, process_resident_memory_bytes: 1000 },
      },
    ]);
    expect(residentMemory(probe.samples)).toEqual([[5, 1000]]);
    await client.close();
  });
});

describe('KubeProbe', () => {
  const pod = (name: string, restartCount: number, reason?: string) => ({
    metadata: { name },
    status: {
      phase: 'Running',
      containerStatuses: [{ restartCount, lastState: reason === undefined ? {} : { terminated: { reason } } }],
    },
  });

  it('asks the API for the pods of the target, and tells restarts and kills', async () => {
    const asked: { url?: string; key?: string }[] = [];
    let items = [pod('a', 1), pod('b', 0)];
    const url = await listen((request, response) => {
      asked.push({ url: request.url ?? '', key: request.headers.authorization ?? '' });
      response.end(JSON.stringify({ kind: 'PodList', items }));
    });
    const probe = new KubeProbe({ url, namespace: 'load', token: 'sesame', ca: null }, 'app=inference,tier=x');
    const before = await probe.pods();
    expect(before).toEqual([
      { name: 'a', phase: 'Running', restarts: 1, oom_killed: false },
      { name: 'b', phase: 'Running', restarts: 0, oom_killed: false },
    ]);
    expect(asked).toEqual([
      { url: '/api/v1/namespaces/load/pods?labelSelector=app%3Dinference%2Ctier%3Dx', key: 'Bearer sesame' },
    ]);
    items = [pod('a', 3, 'OOMKilled'), pod('b', 0), pod('c', 0)];
    expect(podRestarts(before, await probe.pods())).toEqual([
      'Pod a restarted 2 times during the run, killed for want of memory.',
    ]);
    await probe.close();
  });

  it('says what the API refused', async () => {
    const url = await listen((_, response) => response.writeHead(403).end('{"message":"pods is forbidden"}'));
    const probe = new KubeProbe({ url, namespace: 'load', token: 'x', ca: null }, 'app=a');
    await expect(probe.pods()).rejects.toMatchObject({
      code: 'FLTS_USAGE',
      message: expect.stringContaining('403 {"message":"pods is forbidden"}') as string,
    });
    await probe.close();
  });

  it('finds its access inside a pod, and says so where there is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flts-account-'));
    for (const [name, text] of [
      ['token', 'abc\n'],
      ['namespace', 'load\n'],
      ['ca.crt', 'PEM'],
    ] as const) {
      writeFileSync(join(folder, name), text);
    }
    expect(await inClusterAccess({ KUBERNETES_SERVICE_HOST: 'fd00::1' }, folder)).toEqual({
      url: 'https://[fd00::1]:443',
      namespace: 'load',
      token: 'abc',
      ca: 'PEM',
    });
    await expect(inClusterAccess({}, folder)).rejects.toMatchObject({ code: 'FLTS_USAGE' });
    rmSync(folder, { recursive: true });
  });
});
