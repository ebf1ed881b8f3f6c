import { FltsError, type Pointer } from '../contract/index.js';
import type { FetchedBundle, VersionSource } from '../serving/index.js';
import { lineBundle } from './line-bundle.js';
import { lineModel } from './line-model.js';

/** A registry of simulated models. Version n forecasts by a line that rises by n each step. */
export class SimulatedRegistry implements VersionSource {
  readonly #steps: number;
  readonly #versions = new Set<number>();
  #pointer: Pointer | null = null;
  #promotions = 0;
  /** What every question is answered with while it is down; null: it works. */
  down: FltsError | null = null;
  /** What every answer waits for: a slow registry waits on the clock. */
  slowness: () => Promise<void> = () => Promise.resolve();
  /** What served last, as a source that can be out of reach remembers it on the machine. */
  #last: Pointer | null = null;
  /** Versions that cannot be fetched, and what is said of them. */
  readonly broken = new Map<number, FltsError>();

  constructor(steps: number) {
    this.#steps = steps;
  }

  write(version: number): void {
    this.#versions.add(version);
  }

  /** Makes the version the current one; promoting it again is a promotion of its own. */
  promote(version: number, identifier = 'simulated'): void {
    this.write(version);
    this.#pointer = {
      identifier,
      config_hash: '',
      run_id: lineModel(version, this.#steps).runId,
      model_type: 'RIDGE',
      experiment: '',
      model_uri: '',
      rmse: 1,
      mae: 1,
      mse: 1,
      score: 1,
      timestamp: `promotion ${++this.#promotions}`,
      weights: { rmse: 1, mae: 1, mse: 1 },
    };
  }

  readPointer(): Promise<Pointer | null> {
    return this.#answer(() => this.#pointer);
  }

  lastServed(): Promise<Pointer | null> {
    return Promise.resolve(this.#last);
  }

  noteServed(pointer: Pointer): Promise<void> {
    this.#last = pointer;
    return Promise.resolve();
  }

  list(): ReturnType<VersionSource['list']> {
    return this.#answer(() =>
      [...this.#versions]
        .sort((a, b) => b - a)
        .map((version) => ({
          runId: lineModel(version, this.#steps).runId,
          bundle: this.broken.has(version) ? null : lineBundle(version, this.#steps),
        })),
    );
  }

  /** What served is in the cache: it is there while the registry is down, too. */
  fetchBundle(runId: string): Promise<FetchedBundle> {
    const isCached = this.#last?.run_id === runId;
    return this.#answer(() => {
      const version = Number.parseInt(runId, 16);
      const problem = this.broken.get(version);
      if (problem !== undefined) throw problem;
      if (!this.#versions.has(version)) throw new FltsError('FLTS_NO_MODEL', `There is no run ${runId}.`);
      return { bundle: lineBundle(version, this.#steps), modelPath: '' };
    }, isCached);
  }

  async #answer<T>(read: () => T, isCached = false): Promise<T> {
    await this.slowness();
    if (this.down !== null && !isCached) throw this.down;
    return read();
  }
}
