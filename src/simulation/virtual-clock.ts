import type { Clock } from '../serving/index.js';

interface Timer {
  readonly atUs: number;
  /** Actions that are due at one instant run in the order in which they were made. */
  readonly order: number;
  readonly action: () => void;
  cancelled: boolean;
}

/**
 * Time that passes only when told to. After each action everything that it made runnable has run before the next
 * begins, so a run is the same each time. Timers are a binary heap by (instant, order).
 */
export class VirtualClock implements Clock {
  readonly #heap: Timer[] = [];
  #nowUs = 0;
  #made = 0;
  #pending = 0;

  nowUs(): number {
    return this.#nowUs;
  }

  schedule(delayUs: number, action: () => void): () => void {
    const timer = { atUs: this.#nowUs + delayUs, order: this.#made++, action, cancelled: false };
    this.#push(timer);
    this.#pending++;
    return () => {
      if (timer.cancelled) return;
      timer.cancelled = true;
      this.#pending--;
    };
  }

  afterTurn(action: () => void): void {
    this.schedule(0, action);
  }

  /** Timers that are neither due nor cancelled. */
  get pendingTimers(): number {
    return this.#pending;
  }

  /** Lets `us` pass. */
  async advance(us: number): Promise<void> {
    const untilUs = this.#nowUs + us;
    await settle();
    while ((this.#heap[0]?.atUs ?? Number.POSITIVE_INFINITY) <= untilUs) await this.#runFirst();
    this.#nowUs = Math.max(this.#nowUs, untilUs);
  }

  /** Runs until no timer is left; at most `maxActions`. Answers whether none is. */
  async runOut(maxActions: number): Promise<boolean> {
    await settle();
    for (let i = 0; i < maxActions && this.#heap.length > 0; i++) await this.#runFirst();
    return this.#heap.length === 0;
  }

  /** The machine slept: `us` pass at once, and what was due meanwhile runs late. */
  leap(us: number): void {
    this.#nowUs += us;
  }

  async #runFirst(): Promise<void> {
    const timer = this.#pop();
    if (timer.cancelled) return;
    timer.cancelled = true;
    this.#pending--;
    this.#nowUs = Math.max(this.#nowUs, timer.atUs);
    timer.action();
    await settle();
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent])) break;
      heap[at] = heap[parent] ?? timer;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) throw new Error('no timer is left');
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const [a, b] = [heap[left], heap[right]];
      const [child, where] = b !== undefined && isBefore(b, a) ? [b, right] : [a, left];
      if (child === undefined || !isBefore(child, last)) break;
      heap[at] = child;
      at = where;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer | undefined): boolean {
  return b === undefined || a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
}

/** Runs every promise reaction that is ready. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
