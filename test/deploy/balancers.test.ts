import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Balancer, startBalancer, startWith } from '../support/deploy/balancer.js';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { freePort } from '../support/free-port.js';
import { Replica } from '../support/deploy/replica.js';
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

/** The load, as a share of what the replicas can answer on this machine, measured at its start. */
const LOAD_SHARE = 0.6;
const CLIENTS = 8;
const BURST_CLIENTS = 24;
const WARM_UP = 200;
/** After a replica was killed, so much of the answers per second before must be back within so long. */
const BACK_SHARE = 0.8;
const BACK_MS = 5000;
const LOOK_MS = 500;

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

/** Answers per second when clients only wait for answers. */
async function capacityPerS(): Promise<number> {
  const burst = new SteadyClients(balancer!.url, payload(), { clients: BURST_CLIENTS, everyMs: 0 });
  clients = burst;
  await more(burst, WARM_UP);
  burst.take();
  const began = performance.now();
  await more(burst, MANY);
  const seconds = (performance.now() - began) / 1000;
  const { byReplica, failures } = await burst.stop();
  expect(failures).toEqual([]);
  return total(byReplica) / seconds;
}

/** Load at 60 % of the capacity, on kept connections. */
async function load(): Promise<SteadyClients> {
  const everyMs = (CLIENTS * 1000) / (LOAD_SHARE * (await capacityPerS()));
  clients = new SteadyClients(balancer!.url, payload(), { clients: CLIENTS, everyMs });
  return clients;
}

function total(byReplica: ReadonlyMap<string, number>): number {
  return [...byReplica.values()].reduce((sum, count) => sum + count, 0);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers per second over the next look; a failure ends the test. */
async function ratePerS(running: SteadyClients, ms: number): Promise<number> {
  const [before, began] = [running.answers, performance.now()];
  await pause(ms);
  expect(running.hasFailed).toBe(false);
  return ((running.answers - before) * 1000) / (performance.now() - began);
}

/** How long after now the rate is back, ms. */
async function msUntilBack(running: SteadyClients, wantedPerS: number): Promise<number> {
  const began = performance.now();
  for (;;) {
    const perS = await ratePerS(running, LOOK_MS);
    const ms = performance.now() - began;
    if (perS >= BACK_SHARE * wantedPerS || ms > 4 * BACK_MS) return ms;
  }
}

/** Every connection comes to its end within its longest age; which replica is next is up to the balancer. */
async function shareWithinAMinute(running: SteadyClients, replica: string): Promise<number> {
  let share = 0;
  for (let window = 0; window < WINDOWS && share < 0.8 * FAIR; window++) {
    running.take();
    await pause(WINDOW_MS);
    const { byReplica, failures } = running.take();
    expect(failures).toEqual([]);
    share = (byReplica.get(replica) ?? 0) / total(byReplica);
  }
  return share;
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
      const running = await load();
      await more(running, 100);
      running.take();
      await more(running, MANY);
      const { byReplica, failures } = running.take();
      const all = total(byReplica);
      expect(failures).toEqual([]);
      for (const { name } of replicas) {
        expect(Math.abs((byReplica.get(name) ?? 0) / all - FAIR)).toBeLessThan(0.1 * FAIR);
      }
    });

    it('a rolling restart fails no request', async () => {
      await startAll();
      balancer = await startBalancer(tools!, kind, replicas);
      const running = await load();
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
      const running = await load();
      await more(running, 100);
      const before = await ratePerS(running, 2 * LOOK_MS);
      const [victim] = replicas as [Replica];
      await victim.end('SIGKILL');
      expect(await msUntilBack(running, before)).toBeLessThan(BACK_MS);
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

    it('a new one has its share of kept connections within a minute', async () => {
      const [first, second, added] = replicas as [Replica, Replica, Replica];
      await Promise.all([first.start(), second.start()]);
      balancer = await startBalancer(tools!, kind, replicas);
      const running = await load();
      await more(running, 100);
      expect(running.take().byReplica.has('c')).toBe(false);
      await added.start();
      expect(await shareWithinAMinute(running, 'c')).toBeGreaterThanOrEqual(0.8 * FAIR);
    });

    it('one that hangs costs its requests time, not their answers', async () => {
      await startAll();
      const change =
        kind === 'nginx'
          ? { 'proxy_read_timeout 35s': 'proxy_read_timeout 1s' }
          : { 'timeout server 35s': 'timeout server 1s' };
      balancer = await startBalancer(tools!, kind, replicas, change);
      const running = await load();
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
    clients = new SteadyClients(balancer.url, payload(), { clients: 36, everyMs: 50 });
    await more(clients, MANY);
    expect([...clients.take().byReplica.keys()].sort()).toEqual(['a', 'b']);
    await added.start();
    await until(() => clients!.answersOf('c') > 0, 'the new one is found');
    expect(await shareWithinAMinute(clients, 'c')).toBeGreaterThanOrEqual(0.8 * FAIR);
  });
});
