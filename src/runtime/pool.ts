import { FltsError } from '../contract/index.js';
import type { BatchResult, FetchedBundle, InferenceBackend, Log, Slot } from '../serving/ports.js';
import { WorkerLostError } from '../serving/ports.js';
import { InferenceThread, type ModelShape, ModelUnusableError } from './inference-thread.js';

export interface PoolOptions {
  /** Inference threads, ≥ 1. */
  readonly workers: number;
  /** Most rows in one run. */
  readonly maxRows: number;
  readonly log: Log;
  /** Told of every thread that died while it served. */
  readonly onLost: () => void;
  /** The thread's entry: a built file. */
  readonly workerUrl?: URL;
}

/** A thread that dies again and again is replaced ever more slowly, up to this. */
const MAX_RESTART_DELAY_MS = 10_000;
const FIRST_RESTART_DELAY_MS = 50;

/**
 * Threads that hold one model version, loaded and warmed, serving nobody yet. A thread that dies is replaced.
 * Throws FLTS_BUNDLE_CORRUPT when the model cannot be loaded or has other shapes than its bundle.
 */
export async function startPool(fetched: FetchedBundle, options: PoolOptions): Promise<InferenceBackend> {
  // Read by the native library when the first thread loads it.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  const pool = new WorkerPool(fetched, options);
  try {
    await pool.start();
    return pool;
  } catch (error) {
    await pool.close();
    if (!(error instanceof ModelUnusableError)) throw error;
    throw new FltsError(
      'FLTS_BUNDLE_CORRUPT',
      `The model of run ${fetched.bundle.run_id} cannot be loaded: ${error.message.trim().replace(/\.$/, '')}.`,
      { cause: error },
    );
  }
}

class WorkerPool implements InferenceBackend {
  readonly #options: PoolOptions;
  readonly #shape: ModelShape;
  readonly #url: URL;
  /** Threads that load and warm up; they serve nobody yet. */
  readonly #starting = new Set<InferenceThread>();
  readonly #threads = new Set<InferenceThread>();
  readonly #free: InferenceThread[] = [];
  readonly #restartTimers = new Set<NodeJS.Timeout>();
  #listener: () => void = () => undefined;
  #restartsInARow = 0;
  #closed = false;

  constructor(fetched: FetchedBundle, options: PoolOptions) {
    const { bundle, modelPath } = fetched;
    this.#options = options;
    this.#url = options.workerUrl ?? new URL('./worker.js', import.meta.url);
    this.#shape = {
      kind: 'load',
      modelPath,
      lookback: bundle.lookback,
      features: bundle.features.length,
      steps: bundle.steps,
      targets: bundle.targets.length,
      maxRows: options.maxRows,
      warmUpRows: [1, options.maxRows],
    };
  }

  /** Threads that live. */
  get workers(): number {
    return this.#threads.size;
  }

  get freeWorkers(): number {
    return this.#free.length;
  }

  onFree(listener: () => void): void {
    this.#listener = listener;
  }

  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.workers }, () => this.#startThread()));
  }

  take(): Slot | null {
    const thread = this.#free.pop();
    if (thread === undefined) return null;
    return { window: thread.window, run: (rows) => this.#run(thread, rows) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#restartTimers) clearTimeout(timer);
    await Promise.all([...this.#starting, ...this.#threads].map((thread) => thread.close()));
    this.#threads.clear();
    this.#free.length = 0;
  }

  async #startThread(): Promise<void> {
    const thread = new InferenceThread(this.#url, this.#shape, (lost, why) => {
      this.#onLost(lost, why);
    });
    this.#starting.add(thread);
    try {
      await thread.load();
    } catch (error) {
      await thread.close();
      throw error;
    } finally {
      this.#starting.delete(thread);
    }
    if (this.#closed) {
      await thread.close();
      return;
    }
    this.#threads.add(thread);
    this.#makeFree(thread);
  }

  #makeFree(thread: InferenceThread): void {
    this.#free.push(thread);
    this.#listener();
  }

  async #run(thread: InferenceThread, rows: number): Promise<BatchResult> {
    try {
      const result = await thread.run(rows);
      this.#restartsInARow = 0;
      return {
        ...result,
        release: () => {
          if (this.#threads.has(thread)) this.#makeFree(thread);
        },
      };
    } catch (error) {
      // The model failed, the thread did not: it can serve the next batch.
      if (!(error instanceof WorkerLostError) && this.#threads.has(thread)) this.#makeFree(thread);
      throw error;
    }
  }

  #onLost(thread: InferenceThread, why: string): void {
    // A thread that never loaded is dealt with where it was started.
    const served = this.#threads.delete(thread);
    const at = this.#free.indexOf(thread);
    if (at >= 0) this.#free.splice(at, 1);
    if (!served || this.#closed) return;
    this.#options.onLost();
    this.#options.log.error('inference thread lost', { why, left: this.#threads.size });
    this.#replaceLater();
  }

  #replaceLater(): void {
    const delayMs = Math.min(MAX_RESTART_DELAY_MS, FIRST_RESTART_DELAY_MS * 2 ** this.#restartsInARow);
    this.#restartsInARow++;
    const timer = setTimeout(() => {
      this.#restartTimers.delete(timer);
      this.#startThread().then(
        () => {
          this.#options.log.info('inference thread replaced', { workers: this.#threads.size });
        },
        (error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          this.#options.log.error('inference thread could not be replaced', { why });
          if (!this.#closed) this.#replaceLater();
        },
      );
    }, delayMs);
    timer.unref();
    this.#restartTimers.add(timer);
  }
}
