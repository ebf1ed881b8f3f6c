import { createHistogram } from 'node:perf_hooks';
import { type Reading, readProcessor } from './processor-use.js';

/** So many turns of the event loop are looked at one after the other: of bursts the first turn waits, not the second. */
const TURNS = 16;
/** Then none for a time drawn at random, of this mean: it bounds what the readings cost, 1–2 µs each. */
const PAUSE_MS = 4;
/** A percentile says nothing unless so many answers lie above it. */
const ABOVE_MIN = 5;

/** Percentiles of what a generator added to response times, ms; null where too little is known. */
export interface OwnDelayFigures {
  readonly p95: number | null;
  readonly p99: number | null;
}

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
 * Sampled are runs of turns that bring answers. At the first answer of each the kernel's count is read: what was waited
 * since the first answer of the turn before, at work on that turn or for this one, delayed all answers of this one, so each
 * of them counts.
 */
export class OwnDelay {
  readonly #surroundings: Surroundings;
  /** µs, at least 1: the histogram knows no zero. */
  readonly #delaysUs = createHistogram();
  /** ms waited for this turn; `unknown` for the first of a run, null before a turn's first answer. */
  #turn: number | 'unknown' | null = null;
  /** The kernel's count at the first answer of the turn before, ms; null between runs. */
  #before: number | null = null;
  #turnsLeft = TURNS;
  #resumeAtMs = Number.NEGATIVE_INFINITY;

  constructor(surroundings: Surroundings = REAL) {
    this.#surroundings = surroundings;
  }

  /** An answer was read, to a request that left `lagMs` late. */
  answered(lagMs: number): void {
    if (this.#turn === null) this.#beginTurn();
    if (typeof this.#turn === 'number') {
      this.#delaysUs.record(Math.max(1, Math.round((this.#turn + lagMs) * 1_000)));
    }
  }

  /** Of the answers that were looked at; null where they were too few, or the system does not say. */
  get figuresMs(): OwnDelayFigures {
    return { p95: this.#percentileMs(95), p99: this.#percentileMs(99) };
  }

  #percentileMs(percentile: number): number | null {
    const above = this.#delaysUs.count * (1 - percentile / 100);
    return above < ABOVE_MIN ? null : this.#delaysUs.percentile(percentile) / 1_000;
  }

  #beginTurn(): void {
    const { nowMs, afterTurn, read } = this.#surroundings;
    if (this.#before === null && nowMs() < this.#resumeAtMs) return;
    const reading = read();
    if (reading === null) return;
    this.#turn = this.#before === null ? 'unknown' : reading.waitedMs - this.#before;
    this.#before = reading.waitedMs;
    afterTurn(() => {
      this.#turn = null;
      if (--this.#turnsLeft === 0) this.#pause();
    });
  }

  #pause(): void {
    this.#before = null;
    this.#turnsLeft = TURNS;
    this.#resumeAtMs = this.#surroundings.nowMs() + 2 * PAUSE_MS * Math.random();
  }
}
