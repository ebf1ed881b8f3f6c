import type { FetchedBundle, InferenceBackend, VerifySlot } from '../serving/ports.js';
import { type PoolOptions, WorkerPool } from './pool.js';

export type WorkerOptions = Omit<PoolOptions, 'onClosed'>;

/** The inference threads of a process: as many for every model version, however often the version changes. */
export class ModelWorkers {
  readonly #options: WorkerOptions;
  readonly #pools = new Set<WorkerPool>();
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

  /** Threads for one version, ready to serve. See StartBackend. */
  async start(fetched: FetchedBundle, verify: VerifySlot): Promise<InferenceBackend> {
    // Read by the native library when the first thread loads it.
    process.env['ORT_DISABLE_TELEMETRY'] = '1';
    const pool = new WorkerPool(fetched, verify, {
      ...this.#options,
      onClosed: (closed) => {
        this.#pools.delete(closed);
      },
    });
    this.#pools.add(pool);
    try {
      await pool.scale(this.#workers);
      return pool;
    } catch (error) {
      await pool.close();
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
