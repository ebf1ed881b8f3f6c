import { PRIORITIES } from './urgency.js';

/** First size of the trees; they double when a window needs more runs. A power of two. */
const FIRST_SIZE = 64;

/**
 * The windows of one priority by the runs that each still needs: two Fenwick trees, so that adding one, and summing over
 * all up to some number of runs, take O(log runs) however many windows there are.
 * Source: Fenwick, "A New Data Structure for Cumulative Frequency Tables" (1994).
 */
class WindowsByRuns {
  windows = 0;
  runs = 0;
  /** Place i sums the windows, and their runs, of the (i & −i) numbers of runs that end with i. */
  #counts = new Float64Array(FIRST_SIZE + 1);
  #sums = new Float64Array(FIRST_SIZE + 1);

  add(runs: number, windows: number): void {
    if (runs >= this.#counts.length) this.#grow(runs);
    this.windows += windows;
    this.runs += windows * runs;
    this.#place(runs, windows);
  }

  /** Σ over the windows of min(2 · runs, most). */
  roundsWithin(most: number): number {
    let shortRuns = 0;
    let long = this.windows;
    for (let i = Math.min(most >> 1, this.#counts.length - 1); i > 0; i -= i & -i) {
      shortRuns += this.#sums[i] ?? 0;
      long -= this.#counts[i] ?? 0;
    }
    return 2 * shortRuns + most * long;
  }

  #place(runs: number, windows: number): void {
    for (let i = runs; i < this.#counts.length; i += i & -i) {
      this.#counts[i] = (this.#counts[i] ?? 0) + windows;
      this.#sums[i] = (this.#sums[i] ?? 0) + windows * runs;
    }
  }

  /** A tree of twice the size has the old one as its first half, and the old total at its new end. */
  #grow(runs: number): void {
    let size = this.#counts.length - 1;
    while (size < runs) size *= 2;
    const [counts, sums] = [new Float64Array(size + 1), new Float64Array(size + 1)];
    counts.set(this.#counts);
    sums.set(this.#sums);
    for (let i = 2 * (this.#counts.length - 1); i <= size; i *= 2) {
      counts[i] = this.windows;
      sums[i] = this.runs;
    }
    this.#counts = counts;
    this.#sums = sums;
  }
}

/** The work of one model version, by priority: what waits and what runs. */
export class WorkByPriority {
  readonly #priorities = Array.from({ length: PRIORITIES }, () => new WindowsByRuns());

  /** Adds windows that need so many runs each, ≥ 1; a negative number takes windows away. */
  add(priority: number, runs: number, windows: number): void {
    this.#priorities[priority]?.add(runs, windows);
  }

  /** A window of this many runs left has done one of them. */
  advance(priority: number, runs: number): void {
    this.add(priority, runs, -1);
    if (runs > 1) this.add(priority, runs - 1, 1);
  }

  /**
   * Rows that go before a request of this priority and of `runs` runs, or beside it, while it is there; by ageing some
   * of the rest may, too. See `predictedFinishUs`.
   */
  aheadOf(priority: number, runs: number): number {
    let rows = 0;
    for (let p = 0; p <= priority; p++) rows += this.#priorities[p]?.roundsWithin(runs) ?? 0;
    return rows;
  }

  /** Windows that are not done. */
  get allWindows(): number {
    return this.#priorities.reduce((sum, { windows }) => sum + windows, 0);
  }

  /** Runs of the model that they still need, summed. */
  get allRuns(): number {
    return this.#priorities.reduce((sum, { runs }) => sum + runs, 0);
  }
}
