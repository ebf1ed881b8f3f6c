import { handicapUs, PRIORITIES, URGENCY_CLASSES, urgencyClass } from './urgency.js';

/** A window that waits for a run of the model. */
export interface QueuedRow {
  readonly readyAtUs: number;
  /** 0..3, 0 first. */
  readonly priority: number;
  /** Runs of the model that it still needs, ≥ 1. */
  readonly runsLeft: number;
  /** Where the queue has put it; −1 while it is in none. The queue's own. */
  queueClass: number;
}

/**
 * Windows in order of urgency. Each class of equal handicap is a first-in-first-out queue, so their order is a merge
 * of eight lists and needs no sorting; a Set keeps insertion order and lets anyone leave in O(1).
 *
 *   class 0 (priority 0, last run)       ●─●─●
 *   class 1 (priority 0, more to go)     ●
 *   class 2 (priority 1, last run)       ●─●─●─●   ← the front with the smallest readyAt + handicap is next
 *   …
 */
export class RowQueue<Row extends QueuedRow> {
  readonly #classes: readonly Set<Row>[] = Array.from({ length: URGENCY_CLASSES }, () => new Set<Row>());
  /** Latest `readyAtUs` that each class was given. */
  readonly #newestUs: number[] = Array.from({ length: URGENCY_CLASSES }, () => Number.NEGATIVE_INFINITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** O(1) for a row that became ready after the others of its class; one that comes back takes its place again, O(n). */
  add(row: Row): void {
    const urgency = urgencyClass(row.priority, row.runsLeft);
    const rows = this.#classes[urgency];
    if (rows === undefined) throw new RangeError(`priority ${row.priority} is not 0 to ${PRIORITIES - 1}`);
    row.queueClass = urgency;
    this.#size++;
    if (row.readyAtUs >= (this.#newestUs[urgency] ?? 0)) {
      this.#newestUs[urgency] = row.readyAtUs;
      rows.add(row);
      return;
    }
    const later = [...rows].filter((other) => other.readyAtUs > row.readyAtUs);
    for (const other of later) rows.delete(other);
    rows.add(row);
    for (const other of later) rows.add(other);
  }

  /** Whether the row was in the queue. */
  delete(row: Row): boolean {
    if (this.#classes[row.queueClass]?.delete(row) !== true) return false;
    row.queueClass = -1;
    this.#size--;
    return true;
  }

  /** When the row that has waited longest became ready, µs; Infinity when there is none. */
  get oldestReadyAtUs(): number {
    let oldestUs = Number.POSITIVE_INFINITY;
    for (const rows of this.#classes) {
      const front = rows.values().next();
      if (front.done !== true) oldestUs = Math.min(oldestUs, front.value.readyAtUs);
    }
    return oldestUs;
  }

  /** A walk over the rows, most urgent first. Valid until the queue changes. */
  walk(): RowWalk<Row> {
    return new RowWalk(this.#classes);
  }
}

interface Front<Row> {
  readonly rows: Iterator<Row>;
  readonly handicapUs: number;
  row: Row | null;
}

/** A place in a queue: the row there, and on to the next. */
export class RowWalk<Row extends QueuedRow> {
  readonly #fronts: Front<Row>[] = [];
  #least: Front<Row> | null = null;
  /** `readyAtUs` plus handicap of the row here; Infinity at the end. */
  rankUs = Number.POSITIVE_INFINITY;

  constructor(classes: readonly ReadonlySet<Row>[]) {
    classes.forEach((set, urgency) => {
      if (set.size === 0) return;
      const front = { rows: set.values(), handicapUs: handicapUs(urgency), row: null };
      step(front);
      this.#fronts.push(front);
    });
    this.#findLeast();
  }

  /** The row here; null at the end. */
  get row(): Row | null {
    return this.#least?.row ?? null;
  }

  advance(): void {
    if (this.#least !== null) step(this.#least);
    this.#findLeast();
  }

  #findLeast(): void {
    this.#least = null;
    this.rankUs = Number.POSITIVE_INFINITY;
    for (const front of this.#fronts) {
      if (front.row === null) continue;
      const rankUs = front.row.readyAtUs + front.handicapUs;
      // Of equals the more urgent class, which comes first here.
      if (rankUs >= this.rankUs) continue;
      this.#least = front;
      this.rankUs = rankUs;
    }
  }
}

function step<Row>(front: Front<Row>): void {
  const next = front.rows.next();
  front.row = next.done === true ? null : next.value;
}
