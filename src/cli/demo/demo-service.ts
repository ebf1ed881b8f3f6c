import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { FltsError } from '../../contract/index.js';

/** The demo's model is small: it loads in well under a second. */
const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
/** Lines of the service's log that are kept to say why it did not start. */
const KEPT_LOG_LINES = 20;

export interface DemoService {
  readonly url: string;
  /** Time from the start of the process to its first `ready`, ms. */
  readonly startupMs: number;
  /** Asks it to drain and waits for its end. */
  stop(): Promise<void>;
}

/** Starts `flts serve` in a process of its own on a free port, and waits until it is ready. */
export async function startDemoService(registry: string, signal: AbortSignal): Promise<DemoService> {
  const startedMs = performance.now();
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'serve', '--registry', registry, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C reaches the whole group: the service must not end before the load test has noted it.
    detached: process.platform !== 'win32',
  });
  const stopWithUs = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', stopWithUs);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      process.off('exit', stopWithUs);
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  try {
    const url = await listeningUrl(child, signal);
    await untilReady(url, signal);
    return { url, startupMs: performance.now() - startedMs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The address that the service's log names. */
function listeningUrl(child: ChildProcess, signal: AbortSignal): Promise<string> {
  const log: string[] = [];
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.push(line);
        if (log.length > KEPT_LOG_LINES) log.shift();
        const url = /"url":"(http:[^"]+)"/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
    }
    child.once('error', reject);
    child.once('exit', (code) => {
      const why = log.join('\n');
      reject(new FltsError('FLTS_INTERNAL', `The service ended with code ${String(code)} before it listened.\n${why}`));
    });
    signal.addEventListener('abort', () => {
      reject(new FltsError('FLTS_INTERRUPTED', 'Interrupted while the service started.'));
    });
  });
}

async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    const response = await fetch(`${url}/ready`, { signal });
    const body = await response.text();
    if (response.ok) return;
    if (performance.now() > deadline) {
      throw new FltsError('FLTS_NOT_READY', `The service at ${url} was not ready within 30 s: ${body}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
