import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { MAIN } from '../run-flts.js';
import { until } from '../running-service.js';

/** `flts serve` in a process of its own, on the same port whenever it is started. */
export class Replica {
  readonly name: string;
  readonly port: number;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #log = '';

  constructor(name: string, port: number, env: Readonly<Record<string, string>>) {
    this.name = name;
    this.port = port;
    this.#env = env;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Returns once it is ready. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN, 'serve'], {
      cwd: '/',
      env: {
        PATH: process.env['PATH'],
        FLTS_PORT: String(this.port),
        FLTS_REPLICA_ID: this.name,
        FLTS_WORKERS: '1',
        ...this.#env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-4000);
    });
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`${this.name} ended: ${this.#log}`);
      return fetch(`${this.url}/ready`).then(
        (response) => response.ok,
        () => false,
      );
    }, `${this.name} is ready`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Sends the signal and waits for the end; the exit code. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exit)[0];
  }
}
