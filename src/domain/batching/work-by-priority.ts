import { PRIORITIES } from './urgency.js';

/** First size of the trees; they double when a window needs more runs. A power of two. */
const FIRST_SIZE = 64;

/**
 * The windows of one priority by their stay: the runs that each still needs, and then those of a successor like it. Two
 * Fenwick trees, so that adding one, and summing over all up to some stay, take O(log stay) however many there are.
 * Source: Fenwick, "A New Data Structure for Cumulative Frequency Tables" (1994).
 */
class WindowsByStay {
  windows = 0;
  stays = 0;
  /** Place i sums the windows, and their stays, of the (i & −i) stays that end with i. */
  #counts = new Float64Array(FIRST_SIZE + 1);
  #sums = new Float64Array(FIRST_SIZE + 1);

  add(stay: number, windows: number): void {
    if (stay >= this.#counts.length) this.#grow(stay);
    this.windows += windows;
    this.stays += windows * stay;
    for (let i = stay; i < this.#counts.length; i += i & -i) {
      this.#counts[i] = (this.#counts[i] ?? 0) + windows;
      this.#sums[i] = (this.#sums[i] ?? 0) + windows * stay;
    }
  }

  /** Σ over the windows of min(stay, most). */
  roundsWithin(most: number): number {
    let short = 0;
    let long = this.windows;
    for (let i = Math.min(most, this.#counts.length - 1); i > 0; i -= i & -i) {
      short += this.#sums[i] ?? 0;
      long -= this.#counts[i] ?? 0;
    }
    return short + most * long;
  }

  /** A tree of twice the size has the old one as its first half, and the old total at its new end. */
  #grow(stay: number): void {
    let size = this.#counts.length - 1;
    while (size < stay) size *= 2;
    const [counts, sums] = [new Float64Array(size + 1), new Float64Array(size + 1)];
    counts.set(this.#counts);
    sums.set(this.#sums);
    for (let i = 2 * (this.#counts.length - 1); i <= size; i *= 2) {
      counts[i] = this.windows;
      sums[i] = this.stays;
    }
    this.#counts = counts;
    this.#sums = sums;
  }
}

/** The work of one model version, by priority: what waits and what runs. */
export class WorkByPriority {
  readonly #priorities = Array.from({ length: PRIORITIES }, () => new WindowsByStay());

  /** Runs of the model that all windows still need, summed. */
  allRuns = 0;

  /** Adds windows of `total` runs each, of which `left` are to come, 1 to `total`; a negative number takes windows away. */
  add(priority: number, left: number, total: number, windows: number): void {
    this.allRuns += windows * left;
    this.#priorities[priority]?.add(left + total, windows);
  }

  /** A window with `left` of its `total` runs to come has done one of them. */
  advance(priority: number, left: number, total: number): void {
    this.add(priority, left, total, -1);
    if (left > 1) this.add(priority, left - 1, total, 1);
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
}
