import { open, stat } from 'node:fs/promises';
import { FltsError } from '../contract/index.js';
import { sizeProblem } from '../domain/onnx/index.js';
import type { FetchedBundle, InferenceBackend, LoadStep, ModelHost, VerifySlot } from '../serving/ports.js';
import { ModelMemory, type SharedModel } from './model-memory.js';
import { type PoolOptions, WorkerPool } from './pool.js';

export type WorkerOptions = Omit<PoolOptions, 'onClosed'>;

/** About what a thread takes before it has a model: its JavaScript heap and stack, and the runtime's own. */
const THREAD_BYTES = 24 * 1024 * 1024;
/** The runtime keeps weights once as the file has them and once as its kernels like them. */
const COPIES_OF_MODEL = 2;

/** The inference threads of a process: as many for every model version, however often the version changes. */
export class ModelWorkers implements ModelHost {
  readonly #options: WorkerOptions;
  readonly #pools = new Set<WorkerPool>();
  readonly #memory = new ModelMemory();
  #workers: number;
  #scaling: Promise<void> = Promise.resolve();

  /** `workers`: threads for each version, ≥ 1. */
  constructor(workers: number, options: WorkerOptions) {
    this.#workers = workers;
    this.#options = options;
  }

  /** Threads that each version has, or will have. */
  get workers(): number {
    return this.#workers;
  }

  async neededBytes({ bundle, modelPath }: FetchedBundle): Promise<number> {
    const size = await sizeOf(modelPath);
    const { maxRows } = this.#options;
    const inputBytes = 4 * maxRows * bundle.lookback * bundle.features.length;
    const outputBytes = 4 * maxRows * bundle.steps * bundle.targets.length;
    // Windows and forecasts lie in memory twice: shared, and as the runtime wants them.
    const threadBytes = THREAD_BYTES + COPIES_OF_MODEL * size + 2 * (inputBytes + outputBytes);
    return size + this.#workers * threadBytes;
  }

  /** Threads for one version, ready to serve. */
  async start(
    { bundle, modelPath }: FetchedBundle,
    verify: VerifySlot,
    onStep: (step: LoadStep) => void,
  ): Promise<InferenceBackend> {
    // Read by the native library when the first thread loads it.
    process.env['ORT_DISABLE_TELEMETRY'] = '1';
    const model = await this.#read(modelPath);
    const pool = new WorkerPool(bundle, model, verify, {
      ...this.#options,
      onClosed: (closed) => {
        if (this.#pools.delete(closed)) this.#memory.giveBack(model);
      },
    });
    this.#pools.add(pool);
    try {
      await pool.scale(this.#workers, onStep);
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Throws FLTS_BUNDLE_CORRUPT when the file is not there, or too large for a model. */
  async #read(path: string): Promise<SharedModel> {
    const model = this.#memory.take(await sizeOf(path));
    try {
      await readInto(new Uint8Array(model.buffer, 0, model.bytes), path);
      return model;
    } catch (error) {
      this.#memory.giveBack(model);
      throw error;
    }
  }

  /**
   * Changes the threads of every version while they serve; one change after the other. Rejects when new threads cannot
   * be started; then all is as before.
   */
  scale(workers: number): Promise<void> {
    const change = async (): Promise<void> => {
      const before = this.#workers;
      this.#workers = workers;
      try {
        for (const pool of [...this.#pools]) await pool.scale(workers);
      } catch (error) {
        this.#workers = before;
        for (const pool of [...this.#pools]) await pool.scale(before);
        throw error;
      }
    };
    const done = this.#scaling.then(change);
    this.#scaling = done.catch(() => undefined);
    return done;
  }
}

/** Throws FLTS_BUNDLE_CORRUPT when the file is not there, or too large for a model. */
async function sizeOf(path: string): Promise<number> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const problem = sizeProblem(size);
  if (problem !== null) throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path} cannot be loaded: ${problem}.`);
  return size;
}

/** A file that became shorter meanwhile leaves the rest as it was: then its digest is wrong. */
async function readInto(bytes: Uint8Array, path: string): Promise<void> {
  try {
    const file = await open(path);
    try {
      let at = 0;
      let bytesRead: number;
      do {
        ({ bytesRead } = await file.read(bytes, at, bytes.length - at, at));
        at += bytesRead;
      } while (bytesRead > 0 && at < bytes.length);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): FltsError {
  return new FltsError('FLTS_BUNDLE_CORRUPT', `${path} cannot be read.`, { cause });
}
