import cluster, { type Worker } from 'node:cluster';
import { type Handlers, type LinkMessage, ProcessLink } from './process-link.js';
import type { StartOrder } from './questions.js';

/** Longest time in which a process must be up, its first look at the registry included. */
const START_MS = 120_000;
/** A process that was told to go and does not is ended after this. */
const EXIT_GRACE_MS = 5_000;

/** With glibc's many arenas, memory that one model version gave back is not used for the next (docs/adr/0016). */
const ENVIRONMENT = { MALLOC_ARENA_MAX: process.env['MALLOC_ARENA_MAX'] ?? '1' };

/** One serving process, as the first process sees it. */
export class FleetMember {
  readonly slot: number;
  readonly #worker: Worker;
  readonly #link: ProcessLink;
  readonly #gone: Promise<void>;
  readonly #awake: Promise<void>;
  readonly startedAtMs: number;
  #hasStarted = false;
  #isGone = false;

  /** `onGone` is told why, once, whatever the reason. */
  constructor(slot: number, nowMs: number, handlers: Handlers, onGone: (member: FleetMember, why: string) => void) {
    this.slot = slot;
    this.startedAtMs = nowMs;
    const worker = cluster.fork(ENVIRONMENT);
    this.#worker = worker;
    let wake = (): void => undefined;
    this.#awake = new Promise((resolve) => {
      wake = resolve;
    });
    this.#link = new ProcessLink(
      {
        send: (message, onFailed) => {
          worker.send(message, (error) => {
            if (error !== null) onFailed(error);
          });
        },
      },
      {
        ...handlers,
        awake: () => {
          wake();
          return Promise.resolve(null);
        },
      },
    );
    worker.on('message', (message: LinkMessage) => {
      this.#link.receive(message);
    });
    this.#gone = new Promise((resolve) => {
      const end = (why: string): void => {
        if (this.#isGone) return;
        this.#isGone = true;
        this.#link.close(why);
        wake();
        onGone(this, why);
        resolve();
      };
      worker.once('exit', (code: number | null, signal: string | null) => {
        end(signal === null ? `it ended with code ${code ?? 0}` : `it was ended by ${signal}`);
      });
      worker.once('error', (error) => {
        end(error.message);
      });
    });
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  /** Whether it has said that it is up. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  get ask(): ProcessLink['ask'] {
    return this.#link.ask.bind(this.#link);
  }

  /** Where it listens. Rejects with what stopped it. */
  async start(order: StartOrder): Promise<string> {
    // One that ended before it woke is asked in vain, and the answer says why.
    await this.#awake;
    const { url } = await this.#link.ask('start', order, START_MS);
    this.#hasStarted = true;
    return url;
  }

  /** Answers what is under way and goes; true when nothing was lost. Takes a little more than `graceMs` at most. */
  async stop(graceMs: number): Promise<boolean> {
    let isClean = false;
    if (this.#hasStarted && !this.#isGone) {
      isClean = await this.#link.ask('stop', null, graceMs + EXIT_GRACE_MS).then(
        (answer) => answer.isClean,
        () => false,
      );
      if (this.#worker.isConnected()) this.#worker.process.disconnect();
    } else {
      isClean = !this.#hasStarted;
      this.kill();
    }
    const timer = setTimeout(() => {
      this.kill();
    }, EXIT_GRACE_MS);
    await this.#gone;
    clearTimeout(timer);
    return isClean;
  }

  /** Ends it at once. */
  kill(): void {
    if (!this.#isGone) this.#worker.process.kill('SIGKILL');
  }
}
