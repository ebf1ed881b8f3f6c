import { createHistogram } from 'node:perf_hooks';
import { type Reading, readProcessor } from './processor-use.js';

/** Turns of the event loop are looked at so often at most: the two readings of one take 3 µs. */
const EVERY_MS = 2;
/** The 95th percentile of fewer answers than these says nothing. */
const ANSWERS_MIN = 100;

/** What a test replaces: the kernel's figures, the clock, and what runs once the turn of the event loop is over. */
export interface Surroundings {
  readonly read: () => Reading | null;
  readonly nowMs: () => number;
  readonly afterTurn: (run: () => void) => void;
}

const REAL: Surroundings = { read: readProcessor, nowMs: () => performance.now(), afterTurn: setImmediate };

/**
 * How much of a response time the generator itself made: its lag before the request was sent, and how long its thread
 * waited for a processor before it could read the answer. A mean over a phase hides the second: beside busy loops most
 * turns wait for nothing and some for 5 ms.
 *
 * A sample: at the end of a turn that brought answers the kernel's count is read, and again with the next answer. What
 * was waited in between delayed all answers of that turn, so each of them counts.
 */
export class OwnDelay {
  readonly #surroundings: Surroundings;
  /** µs, at least 1: the histogram knows no zero. */
  readonly #delaysUs = createHistogram();
  #sampledAtMs = Number.NEGATIVE_INFINITY;
  /** `before`: count of waits (ms) at the end of a turn; `waited`: of the turn that is being sampled. */
  #state: 'idle' | 'ending' | { readonly before: number } | { readonly waited: number } = 'idle';

  constructor(surroundings: Surroundings = REAL) {
    this.#surroundings = surroundings;
  }

  /** An answer was read, to a request that left `lagMs` late. */
  answered(lagMs: number): void {
    const state = this.#state;
    if (state === 'ending') return;
    if (state === 'idle') this.#begin();
    else if ('waited' in state) this.#add(state.waited + lagMs);
    else this.#sample(state.before, lagMs);
  }

  /** ms; null where too few answers were looked at, or the system does not say. */
  get msP95(): number | null {
    return this.#delaysUs.count < ANSWERS_MIN ? null : this.#delaysUs.percentile(95) / 1_000;
  }

  #begin(): void {
    const { nowMs, afterTurn, read } = this.#surroundings;
    if (nowMs() - this.#sampledAtMs < EVERY_MS) return;
    this.#state = 'ending';
    afterTurn(() => {
      const reading = read();
      this.#state = reading === null ? 'ending' : { before: reading.waitedMs };
    });
  }

  #sample(before: number, lagMs: number): void {
    const { nowMs, afterTurn, read } = this.#surroundings;
    const waited = (read()?.waitedMs ?? before) - before;
    this.#state = { waited };
    this.#add(waited + lagMs);
    afterTurn(() => {
      this.#sampledAtMs = nowMs();
      this.#state = 'idle';
    });
  }

  #add(delayMs: number): void {
    this.#delaysUs.record(Math.max(1, Math.round(delayMs * 1_000)));
  }
}
