import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { post, until } from '../support/running-service.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const children: ChildProcess[] = [];

interface Run {
  readonly child: ChildProcess;
  out: string;
  err: string;
  readonly exit: Promise<number | null>;
}

function flts(args: string[], options: { cwd?: string; env?: Record<string, string> } = {}): Run {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? temporaryFolder(),
    env: { PATH: process.env['PATH'], ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const run: Run = {
    child,
    out: '',
    err: '',
    exit: once(child, 'close').then(([code]: unknown[]) => code as number | null),
  };
  child.stdout.on('data', (chunk: Buffer) => {
    run.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    run.err += chunk.toString();
  });
  return run;
}

async function failure(
  args: string[],
  options: Parameters<typeof flts>[1] = {},
): Promise<{ code: number | null; err: string }> {
  const run = flts(args, options);
  return { code: await run.exit, err: run.err };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function events(run: Run): Record<string, unknown>[] {
  return run.err
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('flts serve', () => {
  it('serves until SIGTERM, answers what is under way, and exits 0', async () => {
    const folder = temporaryFolder();
    await promoteFixture(folder);
    const run = flts(['serve', '--registry', folder, '--port', '0']);
    await until(() => events(run).some((event) => event['event'] === 'model taken'), 'it serves');
    const url = events(run).find((event) => event['event'] === 'listening')?.['url'] as string;
    const long = post({ url }, { ...payload(), inference_length: 10_000 });
    const active = async (): Promise<boolean> => {
      const stats = (await (await fetch(`${url}/queue_stats`)).json()) as { active: number };
      return stats.active === 1;
    };
    await until(active, 'the request runs');
    run.child.kill('SIGTERM');
    expect((await long).json['predictions']).toHaveLength(10_000);
    expect(await run.exit).toBe(0);
    expect(events(run).map((event) => event['event'])).toEqual(['listening', 'model taken', 'draining', 'stopped']);
  });

  it('without a model names the command that makes one, and gives up when told to', async () => {
    const { code, err } = await failure(['serve', '--port', '0', '--model-wait-timeout', '1']);
    expect(code).toBe(4);
    expect(err).toContain('flts train FILE.csv --promote');
    expect(err).toContain('No model came within 1 s: no model is promoted in the registry.');
  });

  it('logs nothing when told to be silent', async () => {
    const run = flts(['serve', '--port', '0', '--log-level', 'silent', '--model-wait-timeout', '1']);
    await run.exit;
    expect(events(run)).toEqual([]);
  });

  it('warns beyond loopback without keys', async () => {
    const run = flts(['serve', '--host', '0.0.0.0', '--port', '0']);
    await until(() => run.err.includes('no API keys are configured'), 'it warns');
    run.child.kill('SIGTERM');
    expect(await run.exit).toBe(0);
  });

  it('a port that is taken: one sentence, a remedy, no stack trace', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const { code, err } = await failure(['serve', '--port', String(port)]);
    server.close();
    expect(code).toBe(6);
    expect(err).toContain(
      `flts: Port ${port} on 127.0.0.1 is taken by another process.\n  → Choose another with --port`,
    );
    expect(err).not.toContain('    at ');
  });

  it('a bad settings file stops the start with its line', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'flts.yaml'), '# mine\nport: 8001\nprot: 1\n');
    expect(await failure(['serve'], { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining("Settings cannot be used: flts.yaml:3: 'prot' is not a setting.") as string,
    });
    writeFileSync(join(cwd, 'flts.yaml'), 'port: [1\n');
    expect((await failure(['serve'], { cwd })).err).toMatch(/flts\.yaml:\d+ is not YAML/);
  });
});

describe('flts config', () => {
  it('writes a template once, and reads it back as the defaults', async () => {
    const cwd = temporaryFolder();
    expect(await flts(['config', '--init'], { cwd }).exit).toBe(0);
    expect((await failure(['config', '--init'], { cwd })).err).toContain('flts.yaml is there already');
    const run = flts(['config', '--json'], { cwd, env: { FLTS_PORT: '9', FLTS_ADMIN_TOKEN: 'hush' } });
    expect(await run.exit).toBe(0);
    const settings = JSON.parse(run.out) as { name: string; value: unknown; origin: string }[];
    expect(settings.filter((setting) => setting.origin !== 'default')).toMatchObject([
      { name: 'port', value: 9, origin: 'environment FLTS_PORT' },
      { name: 'admin_token', value: '(set)', origin: 'environment FLTS_ADMIN_TOKEN' },
    ]);
    expect(run.out).not.toContain('hush');
  });
});

describe('flts doctor', () => {
  it('finds a machine that can serve', async () => {
    const run = flts(['doctor', '--port', '0', '--json']);
    expect(await run.exit).toBe(0);
    const { checks } = JSON.parse(run.out) as { checks: { name: string; verdict: string; found: string }[] };
    expect(checks.find((check) => check.name === 'onnxruntime')).toMatchObject({ verdict: 'ok' });
    expect(checks.filter((check) => check.verdict === 'failed')).toEqual([]);
  });

  it('fails where the registry cannot be written', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'file'), '');
    const run = flts(['doctor', '--port', '0', '--registry', 'file/below', '--json'], { cwd });
    expect(await run.exit).toBe(6);
  });
});
