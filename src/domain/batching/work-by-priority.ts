import type { WorkAhead } from './predicted-finish.js';
import { PRIORITIES } from './urgency.js';

/** The work of one model version, by priority: what waits and what runs. */
export class WorkByPriority {
  readonly #windows: number[] = Array.from({ length: PRIORITIES }, () => 0);
  readonly #runs: number[] = Array.from({ length: PRIORITIES }, () => 0);

  /** Adds windows and the runs that they need; negative numbers take away. */
  add(priority: number, windows: number, runs: number): void {
    this.#windows[priority] = (this.#windows[priority] ?? 0) + windows;
    this.#runs[priority] = (this.#runs[priority] ?? 0) + runs;
  }

  /** What goes before a request of this priority, or beside it; by ageing some of the rest may, too. */
  upTo(priority: number): WorkAhead {
    let windows = 0;
    let runs = 0;
    for (let p = 0; p <= priority; p++) {
      windows += this.#windows[p] ?? 0;
      runs += this.#runs[p] ?? 0;
    }
    return { windows, runs };
  }

  get all(): WorkAhead {
    return this.upTo(PRIORITIES - 1);
  }
}
