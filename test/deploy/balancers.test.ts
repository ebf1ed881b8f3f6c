import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Balancer, startBalancer, startWith } from '../support/deploy/balancer.js';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { freePort, Replica } from '../support/deploy/replica.js';
import { until } from '../support/running-service.js';
import { SteadyClients } from '../support/deploy/steady-clients.js';

/** Three replicas behind real balancers with the settings of deploy/balancers: no client sees them come, go or die. */

const tools = deployTools('replicas behind nginx and HAProxy');

/** Answers that are enough to judge shares by. */
const MANY = 600;
const PART = 100;
/** More than two checks of the balancer. */
const NOTICE_MS = '2500';
const FAIR = 1 / 3;
/** A new replica has its share within a minute. */
const WINDOW_MS = 6000;
const WINDOWS = 10;

let replicas: Replica[] = [];
let balancer: Balancer | null = null;
let clients: SteadyClients | null = null;

beforeEach(async () => {
  if (tools === null) return;
  const registry = temporaryFolder();
  await promoteFixture(registry);
  const env = {
    FLTS_REGISTRY: registry,
    FLTS_DRAIN_NOTICE_MS: NOTICE_MS,
    FLTS_LISTEN_WHEN_READY: 'true',
    FLTS_MAX_CONNECTION_AGE_MS: '3000',
  };
  replicas = [];
  for (const name of ['a', 'b', 'c']) replicas.push(new Replica(name, await freePort(), env));
});

afterEach(async () => {
  await clients?.stop();
  await balancer?.stop();
  for (const replica of replicas) replica.signal('SIGCONT');
  await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
  clients = null;
  balancer = null;
});

const startAll = (): Promise<unknown> => Promise.all(replicas.map((replica) => replica.start()));

/** Moderate load on kept connections. */
function load(): SteadyClients {
  clients = new SteadyClients(balancer!.url, payload(), { clients: 6, restMs: 10 });
  return clients;
}

/** Waits for so many answers more, a part at a time; a failure ends it early. */
async function more(load: SteadyClients, count: number): Promise<void> {
  for (let rest = count; rest > 0; rest -= PART) {
    const goal = load.answers + Math.min(PART, rest);
    await until(() => load.answers >= goal || load.hasFailed, `${goal} answers`);
  }
}

describe.skipIf(tools === null)('replicas behind a balancer', { timeout: 150_000 }, () => {
  describe.each(['nginx', 'haproxy'] as const)('%s', (kind) => {
    it('each gets its share', async () => {
      await startAll();
      balancer = await startBalancer(tools!, kind, replicas);
      const running = load();
      await more(running, 100);
      running.take();
      await more(running, MANY);
      const { byReplica, failures } = running.take();
      const all = [...byReplica.values()].reduce((total, count) => total + count, 0);
      expect(failures).toEqual([]);
      for (const { name } of replicas) {
        expect(Math.abs((byReplica.get(name) ?? 0) / all - FAIR)).toBeLessThan(0.1 * FAIR);
      }
    });

    it('a rolling restart fails no request', async () => {
      await startAll();
      balancer = await startBalancer(tools!, kind, replicas);
      const running = load();
      await more(running, 100);
      for (const replica of replicas) {
        expect(await replica.end('SIGTERM')).toBe(0);
        await replica.start();
        await until(() => running.answersOf(replica.name) > 0, 'it answers');
      }
      await more(running, 100);
      expect((await running.stop()).failures).toEqual([]);
    });

    it('one that is killed fails no request, and is back when it is started again', async () => {
      await startAll();
      balancer = await startBalancer(tools!, kind, replicas);
      const running = load();
      await more(running, 100);
      const [victim] = replicas as [Replica];
      await victim.end('SIGKILL');
      await more(running, MANY);
      const { byReplica, failures } = running.take();
      expect([failures, byReplica.size]).toEqual([[], 3]);
      const startedMs = performance.now();
      await victim.start();
      const readyMs = performance.now();
      await until(() => running.answersOf('a') > 0, 'it gets requests again');
      console.log(
        `${kind}: started in ${Math.round(readyMs - startedMs)} ms, first request ${Math.round(performance.now() - readyMs)} ms later`,
      );
      expect((await running.stop()).failures).toEqual([]);
    });

    it('one that hangs costs its requests time, not their answers', async () => {
      await startAll();
      const change =
        kind === 'nginx'
          ? { 'proxy_read_timeout 35s': 'proxy_read_timeout 1s' }
          : { 'timeout server 35s': 'timeout server 1s' };
      balancer = await startBalancer(tools!, kind, replicas, change);
      const running = load();
      await more(running, 100);
      replicas[0]!.signal('SIGSTOP');
      await more(running, MANY);
      expect(running.take().failures).toEqual([]);
      replicas[0]!.signal('SIGCONT');
      await until(() => running.answersOf('a') > 0, 'it gets requests again');
      expect((await running.stop()).failures).toEqual([]);
    });
  });

  it('a new replica gets its share of kept connections, where a balancer hands out connections only', async () => {
    const [first, second, added] = replicas as [Replica, Replica, Replica];
    await Promise.all([first.start(), second.start()]);
    const config = `
defaults
  mode tcp
  timeout connect 1s
  timeout client 60s
  timeout server 60s
listen flts
  bind 127.0.0.1:8000
  balance roundrobin
  option httpchk GET /ready
  default-server check inter 200ms fall 2 rise 2
  server a 127.0.0.1:8001
  server b 127.0.0.1:8002
  server c 127.0.0.1:8003
`;
    balancer = await startWith(tools!, 'haproxy', config, replicas);
    clients = new SteadyClients(balancer.url, payload(), { clients: 36, restMs: 50 });
    await more(clients, MANY);
    expect([...clients.take().byReplica.keys()].sort()).toEqual(['a', 'b']);
    await added.start();
    await until(() => clients!.answersOf('c') > 0, 'the new one is found');
    // Every connection comes to its end within its longest age; which replica is next is up to the balancer.
    const shares: number[] = [];
    while (shares.length < WINDOWS && (shares.at(-1) ?? 0) < 0.8 * FAIR) {
      clients.take();
      await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
      const { byReplica, failures } = clients.take();
      expect(failures).toEqual([]);
      const all = [...byReplica.values()].reduce((total, count) => total + count, 0);
      shares.push((byReplica.get('c') ?? 0) / all);
    }
    expect(shares.at(-1)).toBeGreaterThanOrEqual(0.8 * FAIR);
  });
});
