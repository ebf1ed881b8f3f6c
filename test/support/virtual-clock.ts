import type { Clock } from '../../src/serving/ports.js';

/** Time that passes only when told to. Actions that are due at one instant run in the order in which they were made. */
export class VirtualClock implements Clock {
  #nowUs = 0;
  #pending: { atUs: number; action: () => void }[] = [];

  nowUs(): number {
    return this.#nowUs;
  }

  schedule(delayUs: number, action: () => void): () => void {
    const entry = { atUs: this.#nowUs + delayUs, action };
    this.#pending.push(entry);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== entry);
    };
  }

  /** Lets `us` pass; after each action everything that it made runnable has run. */
  async advance(us: number): Promise<void> {
    const untilUs = this.#nowUs + us;
    await settle();
    for (;;) {
      const due = this.#pending.filter((entry) => entry.atUs <= untilUs).sort((a, b) => a.atUs - b.atUs)[0];
      if (due === undefined) break;
      this.#pending = this.#pending.filter((entry) => entry !== due);
      this.#nowUs = Math.max(this.#nowUs, due.atUs);
      due.action();
      await settle();
    }
    this.#nowUs = untilUs;
  }

  get pendingTimers(): number {
    return this.#pending.length;
  }
}

/** Runs every promise reaction that is ready. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
