import { LinkedQueue, type Place } from './linked-queue.js';
import { handicapUs, PRIORITIES, URGENCY_CLASSES, urgencyClass } from './urgency.js';

/** A window that waits for a run of the model. */
export interface QueuedRow {
  readonly readyAtUs: number;
  /** 0..3, 0 first. */
  readonly priority: number;
  /** Runs of the model that it still needs, ≥ 1. */
  readonly runsLeft: number;
  /** Where it waits; null while it is in no queue. The queue's own. */
  place: Place<QueuedRow> | null;
}

/**
 * Windows in order of urgency. Each class of equal handicap is a first-in-first-out queue, so their order is a merge
 * of eight lists and needs no sorting; anyone may leave in O(1).
 *
 *   class 0 (priority 0, last run)       ●─●─●
 *   class 1 (priority 0, more to go)     ●
 *   class 2 (priority 1, last run)       ●─●─●─●   ← the front with the smallest readyAt + handicap is next
 *   …
 */
export class RowQueue<Row extends QueuedRow> {
  readonly #classes = Array.from({ length: URGENCY_CLASSES }, () => new LinkedQueue<QueuedRow>());
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** O(1) for a row that became ready after the others of its class; one that comes back takes its place again, O(n). */
  add(row: Row): void {
    const rows = this.#classes[urgencyClass(row.priority, row.runsLeft)];
    if (rows === undefined) throw new RangeError(`priority ${row.priority} is not 0 to ${PRIORITIES - 1}`);
    let before = rows.last;
    while (before !== null && before.member.readyAtUs > row.readyAtUs) before = before.before;
    row.place = rows.addBehind(before, row);
    this.#size++;
  }

  /** Whether the row was in the queue. */
  delete(row: Row): boolean {
    const { place } = row;
    if (place === null || !this.#classes.some((rows) => rows.remove(place))) return false;
    row.place = null;
    this.#size--;
    return true;
  }

  /** When the row that has waited longest became ready, µs; Infinity when there is none. */
  get oldestReadyAtUs(): number {
    return Math.min(...this.#classes.map(({ first }) => first?.member.readyAtUs ?? Number.POSITIVE_INFINITY));
  }

  /** A walk over the rows, most urgent first. Valid until the queue changes. */
  walk(): RowWalk<Row> {
    return new RowWalk(this.#classes);
  }
}

interface Front {
  readonly handicapUs: number;
  place: Place<QueuedRow> | null;
}

/** A place in a queue: the row there, and on to the next. */
export class RowWalk<Row extends QueuedRow> {
  readonly #fronts: Front[] = [];
  #least: Front | null = null;
  /** `readyAtUs` plus handicap of the row here; Infinity at the end. */
  rankUs = Number.POSITIVE_INFINITY;

  constructor(classes: readonly LinkedQueue<QueuedRow>[]) {
    classes.forEach((rows, urgency) => {
      if (rows.first !== null) this.#fronts.push({ handicapUs: handicapUs(urgency), place: rows.first });
    });
    this.#findLeast();
  }

  /** The row here; null at the end. */
  get row(): Row | null {
    // A queue of these rows made the walk.
    return (this.#least?.place?.member ?? null) as Row | null;
  }

  advance(): void {
    if (this.#least !== null) this.#least.place = this.#least.place?.after ?? null;
    this.#findLeast();
  }

  #findLeast(): void {
    this.#least = null;
    this.rankUs = Number.POSITIVE_INFINITY;
    for (const front of this.#fronts) {
      if (front.place === null) continue;
      const rankUs = front.place.member.readyAtUs + front.handicapUs;
      // Of equals the more urgent class, which comes first here.
      if (rankUs >= this.rankUs) continue;
      this.#least = front;
      this.rankUs = rankUs;
    }
  }
}
