import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeployTools } from './deploy-tools.js';
import { freePort } from '../free-port.js';
import type { Replica } from './replica.js';
import { until } from '../running-service.js';

export type BalancerKind = 'nginx' | 'haproxy';

const CONFIGS: Readonly<Record<BalancerKind, string>> = {
  nginx: 'deploy/balancers/nginx.conf',
  haproxy: 'deploy/balancers/haproxy.cfg',
};

export interface Balancer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The settings that the project recommends for a balancer, with ports of this test and `changes` of other text. */
export async function startBalancer(
  tools: DeployTools,
  kind: BalancerKind,
  replicas: readonly Replica[],
  changes: Readonly<Record<string, string>> = {},
): Promise<Balancer> {
  let config = readFileSync(CONFIGS[kind], 'utf8');
  for (const [before, after] of Object.entries(changes)) {
    if (!config.includes(before)) throw new Error(`${CONFIGS[kind]} has no '${before}'`);
    config = config.replaceAll(before, after);
  }
  return startWith(tools, kind, config, replicas);
}

/** A balancer with a configuration of its own; ports 8000 to 8003 and the folder /tmp in it are replaced. */
export async function startWith(
  tools: DeployTools,
  kind: BalancerKind,
  config: string,
  replicas: readonly Replica[],
): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), 'flts-balancer-'));
  const port = await freePort();
  let text = config.replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`).replaceAll('/tmp/', `${folder}/`);
  replicas.forEach((replica, i) => {
    text = text.replaceAll(`127.0.0.1:${8001 + i}`, `127.0.0.1:${replica.port}`);
  });
  const path = join(folder, 'config');
  writeFileSync(path, text);
  const args = kind === 'nginx' ? ['-p', folder, '-c', path, '-g', 'daemon off;'] : ['-db', '-f', path];
  const child: ChildProcess = spawn(kind, args, { env: tools.env, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${kind} ended: ${errors}`);
    return fetch(`${url}/ready`).then(
      (response) => response.ok,
      () => false,
    );
  }, `${kind} answers`);
  return {
    url,
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
