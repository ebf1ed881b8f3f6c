import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import process from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
import type { QueueStats } from '../../src/contract/index.js';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { MAIN, run } from '../support/run-flts.js';
import { type Answer, get, post, until } from '../support/running-service.js';

interface Machine {
  readonly child: ChildProcess;
  readonly url: string;
  readonly folder: string;
  readonly exit: Promise<unknown>;
  events(): Record<string, unknown>[];
}

const children: ChildProcess[] = [];

afterEach(() => {
  // The first process takes the others with it.
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Two serving processes behind one port, with one inference thread each. */
async function startMachine(): Promise<Machine> {
  const folder = temporaryFolder();
  await promoteFixture(folder, { name: 'one' });
  const args = ['serve', '--registry', folder, '--port', '0', '--processes', '2', '--workers', '1'];
  // Nothing is to be refused because it might come late.
  args.push('--registry-poll-ms', '50', '--request-timeout-ms', '600000');
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], FLTS_ADMIN_TOKEN: 'admin' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const events = (): Record<string, unknown>[] =>
    log
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const exit = once(child, 'exit').then(([code]: unknown[]) => code);
  await until(() => events().some((event) => event['event'] === 'serving'), `it serves: ${log}`);
  const url = events().find((event) => event['event'] === 'serving')?.['url'] as string;
  return { child, url, folder, exit, events };
}

async function stats(machine: Machine): Promise<QueueStats> {
  return (await (await fetch(`${machine.url}/queue_stats`)).json()) as QueueStats;
}

/** Requests that run or have ended. */
async function begun(machine: Machine): Promise<number> {
  const { active, completed } = await stats(machine);
  return active + completed;
}

async function metric(machine: Machine, name: string): Promise<number> {
  const text = await (await fetch(`${machine.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

/** Each on a connection of its own, so that all processes get their turn. */
function predict(machine: Machine, extra: object = {}): Promise<Answer> {
  return post(machine, { ...payload(), ...extra }, { headers: { connection: 'close' } });
}

function admin(machine: Machine, path: string, body: unknown = ''): Promise<Answer> {
  return post(machine, body, { path, headers: { authorization: 'Bearer admin' } });
}

function pidOf(machine: Machine, slot: number): number {
  const event = machine.events().findLast((one) => one['process'] === slot && one['event'] === 'listening');
  return event?.['pid'] as number;
}

describe('processes that share a port', () => {
  it('all serve, and whichever is asked answers for all', async () => {
    const machine = await startMachine();
    const replicas = new Set<string | null>();
    for (let i = 0; i < 6; i++) {
      const { status, headers } = await predict(machine);
      expect(status).toBe(200);
      replicas.add(headers.get('x-replica-id'));
    }
    expect([...replicas].map((one) => one?.slice(-2)).sort()).toEqual(['-1', '-2']);
    for (let i = 0; i < 2; i++) {
      expect(await stats(machine)).toMatchObject({ completed: 6, workers: 2, processes: 2, status: 'ready' });
      expect(await metric(machine, 'inference_jobs_processed_total')).toBe(6);
      expect(await metric(machine, 'flts_processes')).toBe(2);
    }
    expect((await get(machine, '/ready')).json).toEqual({ status: 'ready' });
    expect((await stats(machine)).process.pid).toBe(machine.child.pid);
  });

  it('scale and change their model together', async () => {
    const machine = await startMachine();
    expect((await admin(machine, '/scale_workers', { workers: 2 })).json).toEqual({
      workers: 2,
      before: 1,
      processes: 2,
    });
    expect((await stats(machine)).workers).toBe(4);
    expect((await admin(machine, '/scale_workers', { workers: 0 })).status).toBe(422);
    const second = await promoteFixture(machine.folder, { name: 'two' });
    expect((await admin(machine, '/reload_latest')).json).toMatchObject({ run_id: second.run_id, reason: null });
    const served = await Promise.all(Array.from({ length: 6 }, () => predict(machine)));
    expect(new Set(served.map((answer) => answer.json['run_id']))).toEqual(new Set([second.run_id]));
  });

  it('one that is killed is replaced, the other serves meanwhile, and no counter goes back', async () => {
    const machine = await startMachine();
    await admin(machine, '/scale_workers', { workers: 2 });
    for (let i = 0; i < 6; i++) await predict(machine);
    expect(await metric(machine, 'inference_jobs_processed_total')).toBe(6);
    expect((await stats(machine)).completed).toBe(6);
    const before = pidOf(machine, 1);
    process.kill(before, 'SIGKILL');
    await until(() => machine.events().some((event) => event['event'] === 'process lost'), 'its end is noticed');
    const meanwhile = await predict(machine);
    expect([meanwhile.status, meanwhile.headers.get('x-replica-id')?.slice(-2)]).toEqual([200, '-2']);
    await until(() => machine.events().some((event) => event['event'] === 'process replaced'), 'it is replaced');
    expect(pidOf(machine, 1)).not.toBe(before);
    // Of the one that died, what it had said last counts; the new one has as many threads as were asked for.
    expect(await stats(machine)).toMatchObject({ completed: 7, process_restarts_total: 1, processes: 2, workers: 4 });
    expect(await metric(machine, 'inference_jobs_processed_total')).toBe(7);
    expect(await metric(machine, 'flts_process_restarts_total')).toBe(1);
    const replicas = await Promise.all(Array.from({ length: 6 }, () => predict(machine)));
    expect(new Set(replicas.map((answer) => answer.headers.get('x-replica-id'))).size).toBe(2);
  });

  it('one that is told to go answers what it has, is counted in full, and is replaced', async () => {
    const machine = await startMachine();
    const asked = Array.from({ length: 4 }, () => predict(machine, { inference_length: 10_000 }));
    await until(async () => (await begun(machine)) === 4, 'all four have begun');
    process.kill(pidOf(machine, 2), 'SIGTERM');
    expect((await Promise.all(asked)).map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    await until(() => machine.events().some((event) => event['event'] === 'process replaced'), 'it is replaced');
    expect(machine.events().some((event) => event['event'] === 'process left')).toBe(true);
    expect((await stats(machine)).completed).toBe(4);
  });

  it('all drain on SIGTERM, and nothing is lost', async () => {
    const machine = await startMachine();
    const asked = Array.from({ length: 4 }, () => predict(machine, { inference_length: 10_000 }));
    await until(async () => (await begun(machine)) === 4, 'all four have begun');
    machine.child.kill('SIGTERM');
    const answers = await Promise.all(asked);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map((answer) => answer.headers.get('x-replica-id'))).size).toBe(2);
    expect(await machine.exit).toBe(0);
    expect(machine.events().at(-1)).toMatchObject({ event: 'stopped', clean: true });
  });

  it('without their first process they finish what they have, and end', async () => {
    const machine = await startMachine();
    const pids = [pidOf(machine, 1), pidOf(machine, 2)];
    const asked = Array.from({ length: 2 }, () => predict(machine, { inference_length: 10_000 }));
    await until(async () => (await begun(machine)) === 2, 'both have begun');
    machine.child.kill('SIGKILL');
    expect((await Promise.all(asked)).map((answer) => answer.status)).toEqual([200, 200]);
    await until(() => !pids.some(lives), 'nobody is left behind');
  });
});

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('what stops the start', () => {
  it('a taken port: one sentence', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, stderr } = await run(process.execPath, [MAIN, 'serve', '--processes', '2', '--port', String(port)]);
    server.close();
    expect([code, stderr.trim().split('\n').length]).toEqual([6, 2]);
    expect(stderr).toContain(`flts: Port ${port} on 127.0.0.1 is taken by another process.`);
  });

  it('no model, where one is required', async () => {
    const args = [
      'serve',
      '--processes',
      '2',
      '--port',
      '0',
      '--wait-for-model',
      'false',
      '--registry',
      temporaryFolder(),
    ];
    const { code, stderr } = await run(process.execPath, [MAIN, ...args]);
    expect(code).toBe(4);
    expect(stderr).toContain('flts: No model to serve: no model is promoted in the registry.');
  });

  it.each([['1'], ['2']])('a device that is not there, with %s processes, before anything listens', async (count) => {
    const args = ['serve', '--device', 'cuda', '--processes', count, '--port', '0', '--registry', temporaryFolder()];
    const { code, stderr } = await run(process.execPath, [MAIN, ...args]);
    expect(code).toBe(6);
    expect(stderr).toMatch(/^flts: Device 'cuda' cannot be used: [^\n]+\n {2}→ Serve with --device cpu/);
    expect(stderr).not.toContain('listening');
  });
});
