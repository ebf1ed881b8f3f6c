import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { request } from 'undici';
import { freePort } from './free-port.js';

/** A real server that a test started, on loopback. */
export interface InteropServer {
  readonly url: string;
  stop(): Promise<void>;
}

export const S3_KEYS = {
  AWS_ACCESS_KEY_ID: 'flts-interop',
  AWS_SECRET_ACCESS_KEY: 'not-a-secret-at-all',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** It reads its settings from nowhere else, and tells nobody that it runs. */
const QUIET = { DO_NOT_TRACK: 'true', MLFLOW_DISABLE_TELEMETRY: 'true', RCLONE_CONFIG: '/dev/null' };
const START_TIMEOUT_MS = 110_000;
const STOP_TIMEOUT_MS = 5000;

/** `rclone serve s3`: each folder below `folder` is a bucket. */
export async function startRclone(python: string, folder: string): Promise<InteropServer> {
  const keys = `${S3_KEYS.AWS_ACCESS_KEY_ID},${S3_KEYS.AWS_SECRET_ACCESS_KEY}`;
  const args = ['serve', 's3', '--addr', '127.0.0.1:0', '--auth-key', keys, '--no-modtime', folder];
  const child = start(join(dirname(python), 'rclone'), args, {});
  const url = await told(child, /Starting s3 server on \[(http:\/\/127\.0\.0\.1:\d+)\//);
  return { url, stop: () => stop(child) };
}

/**
 * `mlflow server` with SQLite in `folder`. Artifacts go through it, to `folder` or to `artifacts`; or, with `direct`,
 * clients read and write them at `artifacts` themselves.
 */
export async function startMlflow(
  python: string,
  folder: string,
  artifacts: { readonly uri: string; readonly direct: boolean; readonly s3Url: string } | null = null,
): Promise<InteropServer> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const where =
    artifacts?.direct === true
      ? ['--no-serve-artifacts', '--default-artifact-root', artifacts.uri]
      : ['--artifacts-destination', artifacts?.uri ?? join(folder, 'artifacts')];
  const args = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  const store = ['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`];
  const s3 = artifacts === null ? {} : { ...S3_KEYS, MLFLOW_S3_ENDPOINT_URL: artifacts.s3Url, AWS_REGION: 'us-east-1' };
  return startServer([python, ...args, ...store, ...where], s3, `http://127.0.0.1:${port}`);
}

/** Any server, by its command; ready once it answers at `/health` in any way. */
export async function startServer(
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
  url: string,
): Promise<InteropServer> {
  const child = start(command, args, env);
  await answers(`${url}/health`, child);
  return { url, stop: () => stop(child) };
}

function start(command: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  // A group of its own: the server's workers end with it.
  return spawn(command, args, {
    env: { PATH, HOME, ...QUIET, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

/** Waits until the server says where it listens. */
async function told(child: ChildProcess, pattern: RegExp): Promise<string> {
  let said = '';
  return await new Promise((resolve, reject) => {
    const listen = (part: Buffer): void => {
      said += part.toString();
      const [, url] = pattern.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('exit', () => {
      reject(new Error(`the server ended: ${said}`));
    });
  });
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (said += part.toString()));
  const until = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < until && child.exitCode === null) {
    const status = await request(url).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return statusCode;
      },
      // Nobody listens yet.
      () => 0,
    );
    if (status !== 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no answer from ${url}: ${said}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const { pid } = child;
  const ended = once(child, 'exit');
  process.kill(-pid, 'SIGTERM');
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
