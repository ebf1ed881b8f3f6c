import { LRUCache } from 'lru-cache';
import type { Answer } from './answer.js';
import type { Job } from './scheduling/job.js';
import type { ModelSpec } from './model-spec.js';
import type { Clock, Digest } from './ports.js';
import type { PreparedWindow } from './prepare-window.js';

export interface CacheLimits {
  readonly maxBytes: number;
  readonly ttlMs: number;
}

/** What an entry costs besides its text: key, list links, object headers. */
const ENTRY_OVERHEAD_BYTES = 400;

/**
 * Answers of the model that serves, bounded in bytes and in age, and the windows under way, so that equal requests
 * run the model once. Keys hold the model version and a digest of everything that shapes the answer.
 */
export class ForecastCache {
  readonly #answers: LRUCache<string, Answer>;
  readonly #flights = new Map<string, Job>();
  readonly #digest: Digest;
  hits = 0;
  misses = 0;

  constructor(limits: CacheLimits, clock: Clock, digest: Digest) {
    this.#digest = digest;
    this.#answers = new LRUCache<string, Answer>({
      maxSize: limits.maxBytes,
      sizeCalculation: sizeOf,
      ttl: limits.ttlMs,
      // A zero would mean "never set" to the cache, so its time starts at one.
      perf: { now: () => 1 + clock.nowUs() / 1000 },
      ttlResolution: 0,
    });
  }

  keyOf(spec: ModelSpec, prepared: PreparedWindow, horizon: number, levels: readonly number[]): string {
    const { buffer, byteOffset, byteLength } = prepared.window;
    const digest = this.#digest(new Uint8Array(buffer, byteOffset, byteLength));
    return `${spec.runId}|${prepared.lastMs}|${prepared.naive ? 'n' : 'z'}|${horizon}|${levels.join(',')}|${digest}`;
  }

  /** A kept answer; counts a hit or a miss. */
  get(key: string): Answer | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) this.misses++;
    else this.hits++;
    return answer;
  }

  keep(key: string, answer: Answer): void {
    this.#answers.set(key, answer);
  }

  /** The window under way with this key, if any. */
  flight(key: string): Job | undefined {
    const job = this.#flights.get(key);
    return job?.isOpen === true ? job : undefined;
  }

  startFlight(key: string, job: Job): void {
    this.#flights.set(key, job);
  }

  /** To be called when the job has ended in whatever way. */
  endFlight(key: string, job: Job): void {
    if (this.#flights.get(key) === job) this.#flights.delete(key);
  }

  /** Forgets all answers: the model has changed. Windows under way have the old version in their key. */
  clear(): void {
    this.#answers.clear();
  }

  get hitRate(): number | null {
    const asked = this.hits + this.misses;
    return asked === 0 ? null : this.hits / asked;
  }
}

function sizeOf(answer: Answer, key: string): number {
  const warnings = answer.warnings.reduce((sum, warning) => sum + warning.length, 0);
  return (
    ENTRY_OVERHEAD_BYTES + 2 * key.length + answer.predictions.length + (answer.intervals?.length ?? 0) + 2 * warnings
  );
}
