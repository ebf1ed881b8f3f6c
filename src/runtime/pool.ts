import { type Bundle, type Device, FltsError } from '../contract/index.js';
import { restartDelayMs } from '../domain/rollout/index.js';
import type { BatchResult, InferenceBackend, LoadStep, Log, Slot, VerifySlot } from '../serving/ports.js';
import { WorkerLostError } from '../serving/ports.js';
import { InferenceThread, type ModelShape, ModelUnusableError } from './inference-thread.js';
import type { SharedModel } from './model-memory.js';

export interface PoolOptions {
  /** Most rows in one run. */
  readonly maxRows: number;
  readonly device: Device;
  readonly log: Log;
  /** Told of every thread that died while it served. */
  readonly onLost: () => void;
  /** Told of a pool that is closed. */
  readonly onClosed: (pool: WorkerPool) => void;
  /** The thread's entry: a built file. */
  readonly workerUrl?: URL;
}

/**
 * Threads that hold one model version, each loaded, warmed and verified before it serves. A thread that dies is
 * replaced; `scale` changes how many there are while they serve.
 */
export class WorkerPool implements InferenceBackend {
  readonly #options: PoolOptions;
  readonly #shape: ModelShape;
  readonly #url: URL;
  readonly #runId: string;
  readonly #verify: VerifySlot;
  /** Threads that load, warm up and prove themselves; they serve nobody yet. */
  readonly #starting = new Set<InferenceThread>();
  readonly #threads = new Set<InferenceThread>();
  readonly #free: InferenceThread[] = [];
  readonly #restartTimers = new Set<NodeJS.Timeout>();
  #listener: () => void = () => undefined;
  #target = 0;
  #restartsInARow = 0;
  #closed = false;

  /** `model`: the model file, kept for workers that come later: nothing that happens to the file harms them. */
  constructor(bundle: Bundle, model: SharedModel, verify: VerifySlot, options: PoolOptions) {
    this.#options = options;
    this.#verify = verify;
    this.#runId = bundle.run_id;
    this.#url = options.workerUrl ?? new URL('./worker.js', import.meta.url);
    this.#shape = {
      kind: 'load',
      model: model.buffer,
      modelBytes: model.bytes,
      sha256: bundle.model_sha256,
      device: options.device,
      lookback: bundle.lookback,
      features: bundle.features.length,
      steps: bundle.steps,
      targets: bundle.targets.length,
      maxRows: options.maxRows,
      warmUpRows: [1, options.maxRows],
    };
  }

  /** Threads that serve. */
  get workers(): number {
    return this.#threads.size;
  }

  get freeWorkers(): number {
    return this.#free.length;
  }

  onFree(listener: () => void): void {
    this.#listener = listener;
  }

  poll(): void {
    for (const thread of this.#threads) thread.poll();
  }

  take(): Slot | null {
    const thread = this.#free.pop();
    if (thread === undefined) return null;
    return { window: thread.window, run: (rows) => this.#run(thread, rows) };
  }

  /**
   * Has `workers` threads serve from now on. New ones join when they are ready, and the promise waits for them; those
   * too many leave at once or after their batch. Throws FLTS_BUNDLE_CORRUPT when the model cannot be loaded or has
   * other shapes than its bundle, and what `verify` says; then the pool is as large as before. `onStep` is told of
   * each step that all of the new ones have taken.
   */
  async scale(workers: number, onStep: (step: LoadStep) => void = () => undefined): Promise<void> {
    const before = this.#target;
    this.#target = workers;
    await this.#retireSurplus();
    try {
      const missing = workers - this.#threads.size - this.#starting.size - this.#restartTimers.size;
      const note = whenAll(missing, onStep);
      const started = await Promise.allSettled(Array.from({ length: missing }, () => this.#startThread(note)));
      const failed = started.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    } catch (error) {
      this.#target = before;
      await this.#retireSurplus();
      throw this.#explained(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#restartTimers) clearTimeout(timer);
    await Promise.all([...this.#starting, ...this.#threads].map((thread) => thread.close()));
    this.#threads.clear();
    this.#free.length = 0;
    this.#options.onClosed(this);
  }

  #explained(error: unknown): unknown {
    if (!(error instanceof ModelUnusableError)) return error;
    const why = error.message.trim().replace(/\.$/, '');
    return new FltsError('FLTS_BUNDLE_CORRUPT', `The model of run ${this.#runId} cannot be loaded: ${why}.`, {
      cause: error,
    });
  }

  async #startThread(onStep: (step: LoadStep) => void): Promise<void> {
    const thread = new InferenceThread(this.#url, this.#shape, (lost, why) => {
      this.#onLost(lost, why);
    });
    this.#starting.add(thread);
    try {
      await thread.load(onStep);
      await this.#verify({
        window: thread.window,
        run: async (rows) => ({ ...(await thread.run(rows)), release: () => undefined }),
      });
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

  /** The thread waits for its next batch, unless there are more than there should be: then it leaves. */
  #makeFree(thread: InferenceThread): void {
    if (this.#threads.size > this.#target) {
      this.#retire(thread).catch((error: unknown) => {
        this.#options.log.error('inference thread could not be ended', { why: String(error) });
      });
      return;
    }
    this.#free.push(thread);
    this.#listener();
  }

  /** Those that are busy leave after their batch. */
  async #retireSurplus(): Promise<void> {
    while (this.#threads.size > this.#target) {
      const thread = this.#free.pop();
      if (thread === undefined) return;
      await this.#retire(thread);
    }
  }

  #retire(thread: InferenceThread): Promise<void> {
    this.#threads.delete(thread);
    return thread.close();
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
    // A thread that never served is dealt with where it was started.
    const served = this.#threads.delete(thread);
    const at = this.#free.indexOf(thread);
    if (at >= 0) this.#free.splice(at, 1);
    if (!served || this.#closed) return;
    this.#options.onLost();
    this.#options.log.error('inference thread lost', { why, left: this.#threads.size });
    this.#replaceLater();
  }

  #replaceLater(): void {
    const timer = setTimeout(() => {
      this.#restartTimers.delete(timer);
      if (this.#threads.size + this.#starting.size >= this.#target) return;
      this.#startThread(() => undefined).then(
        () => {
          this.#options.log.info('inference thread replaced', { workers: this.#threads.size });
        },
        (error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          this.#options.log.error('inference thread could not be replaced', { why });
          if (!this.#closed) this.#replaceLater();
        },
      );
    }, restartDelayMs(this.#restartsInARow));
    this.#restartsInARow++;
    timer.unref();
    this.#restartTimers.add(timer);
  }
}

/** Calls `onStep` once as many workers as `workers` have taken the step. */
function whenAll(workers: number, onStep: (step: LoadStep) => void): (step: LoadStep) => void {
  const taken = new Map<LoadStep, number>();
  return (step) => {
    const count = (taken.get(step) ?? 0) + 1;
    taken.set(step, count);
    if (count === workers) onStep(step);
  };
}
