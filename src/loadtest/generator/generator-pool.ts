import { type ChildProcess, fork } from 'node:child_process';
import { FltsError } from '../../contract/index.js';
import type { LoadPlan } from '../../domain/arrivals/index.js';
import type {
  Begin,
  Configure,
  FromGenerator,
  GeneratorReport,
  Prepare,
  SampleBatch,
  ToGenerator,
} from './messages.js';
import { unpackBatch } from './sample-buffer.js';

/** A generator that does not answer a command within this time is lost. */
const COMMAND_TIMEOUT_MS = 30_000;
/** How long a generator may take to end by itself before it is killed. */
const EXIT_TIMEOUT_MS = 2_000;

/** What one generator says of its phase; `lost`: why it says nothing, having died or fallen silent. */
export interface GeneratorResult extends GeneratorReport {
  readonly generator: number;
  readonly lost: string | null;
}

const NOTHING: GeneratorReport = {
  users: 0,
  elu: 0,
  cpuS: 0,
  processor: null,
  ownDelayMs: { p95: null, p99: null },
  connectionsOpened: 0,
  open: null,
};

type Wanted = Exclude<FromGenerator['type'], 'samples' | 'fatal'>;
type Of<T extends FromGenerator['type']> = Extract<FromGenerator, { type: T }>;

/** One child process and what it still owes an answer to. */
class Generator {
  readonly id: number;
  readonly #child: ChildProcess;
  readonly #onBatch: (batch: SampleBatch, generator: number) => void;
  #waiting: { type: Wanted; settle: (message: FromGenerator | string) => void } | null = null;
  /** Why it is gone, or null while it lives. */
  lost: string | null = null;

  constructor(id: number, url: URL, onBatch: (batch: SampleBatch, generator: number) => void) {
    this.id = id;
    this.#onBatch = onBatch;
    this.#child = fork(url, [], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (message) => {
      this.#receive(message as FromGenerator);
    });
    this.#child.on('error', (error) => {
      this.#end(`generator ${id} failed: ${error.message}.`);
    });
    this.#child.on('exit', (code, signal) => {
      this.#end(`generator ${id} ended during the run (${signal ?? `exit code ${String(code)}`}).`);
    });
  }

  tell(message: ToGenerator): void {
    if (this.lost !== null) return;
    this.#child.send(message, (error) => {
      if (error !== null) this.#end(`generator ${this.id} cannot be reached: ${error.message}.`);
    });
  }

  /** The next message of that type, or a sentence that says why it never comes. */
  answer<T extends Wanted>(type: T, timeoutMs: number): Promise<Of<T> | string> {
    if (this.lost !== null) return Promise.resolve(this.lost);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#child.kill('SIGKILL');
        this.#end(`generator ${this.id} fell silent.`);
      }, timeoutMs);
      this.#waiting = {
        type,
        settle: (message) => {
          clearTimeout(timer);
          resolve(message as Of<T> | string);
        },
      };
    });
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const timer = setTimeout(() => child.kill('SIGKILL'), EXIT_TIMEOUT_MS);
    this.tell({ type: 'exit' });
    await ended;
    clearTimeout(timer);
  }

  #receive(message: FromGenerator): void {
    if (message.type === 'samples') {
      this.#onBatch(unpackBatch(message), this.id);
      return;
    }
    if (message.type === 'fatal') {
      this.#child.kill('SIGKILL');
      this.#end(`generator ${this.id} failed: ${message.text}.`);
      return;
    }
    const waiting = this.#waiting;
    if (waiting === null || waiting.type !== message.type) return;
    this.#waiting = null;
    waiting.settle(message);
  }

  #end(text: string): void {
    this.lost ??= text;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.settle(this.lost);
  }
}

/** Which part of a load that is spread over machines this run is; 0 of 1 where it is not. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** The generator processes of a run. They start from the built entry at `url`, and end with `close`. */
export class GeneratorPool {
  readonly #generators: readonly Generator[];

  /** This pool among those of all shards: its first generator's number, and how many there are in all. */
  readonly #first: number;
  readonly #total: number;

  constructor(count: number, shard: Shard, url: URL, onBatch: (batch: SampleBatch, generator: number) => void) {
    this.#first = shard.index * count;
    this.#total = shard.count * count;
    this.#generators = Array.from({ length: count }, (_, id) => new Generator(id, url, onBatch));
  }

  get size(): number {
    return this.#generators.length;
  }

  async configure(config: Omit<Configure, 'type' | 'generator' | 'generators'>): Promise<void> {
    const answers = await Promise.all(
      this.#generators.map((generator) => {
        const answer = generator.answer('configured', COMMAND_TIMEOUT_MS);
        const id = this.#first + generator.id;
        generator.tell({ type: 'configure', ...config, generator: id, generators: this.#total });
        return answer;
      }),
    );
    const lost = answers.find((answer) => typeof answer === 'string');
    if (lost !== undefined) throw new FltsError('FLTS_INTERNAL', `The load generators did not start: ${lost}`);
  }

  /** Opens the connections of a phase; the problems that were met, in words. */
  async prepare(prepare: Omit<Prepare, 'type'>): Promise<string[]> {
    const answers = await Promise.all(
      this.#generators.map((generator) => {
        const answer = generator.answer('prepared', COMMAND_TIMEOUT_MS);
        generator.tell({ type: 'prepare', ...prepare });
        return answer;
      }),
    );
    return answers
      .map((answer) => (typeof answer === 'string' ? answer : answer.problem))
      .filter((problem) => problem !== null);
  }

  /** Runs a phase to its end; `patienceMs` after the plan's own end a generator is lost. */
  run(phase: number, plan: LoadPlan, patienceMs: number): Promise<GeneratorResult[]> {
    return Promise.all(
      this.#generators.map(async (generator) => {
        const pending = generator.answer('phase_done', patienceMs);
        const begin: Begin = { type: 'begin', phase, plan };
        generator.tell(begin);
        const done = await pending;
        const id = this.#first + generator.id;
        if (typeof done === 'string') return { ...NOTHING, generator: id, lost: done };
        return { ...done.report, generator: id, lost: null };
      }),
    );
  }

  endPhase(phase: number, graceMs: number): void {
    for (const generator of this.#generators) generator.tell({ type: 'end_phase', phase, graceMs });
  }

  async close(): Promise<void> {
    await Promise.all(this.#generators.map((generator) => generator.close()));
  }
}
