/** Least time over which a share is taken: two scrapers at once should not read noise. */
const LEAST_WINDOW_US = 1_000_000;

/** Share of the workers' time spent at work, over the time since the last reading that is at least a second old. */
export class Utilization {
  #sinceUs: number;
  #workUs = 0;
  #share = 0;

  constructor(nowUs: number) {
    this.#sinceUs = nowUs;
  }

  /** `workUs` is the sum over the workers since the start; the answer lies in 0..1. */
  read(workUs: number, workers: number, nowUs: number): number {
    const elapsedUs = nowUs - this.#sinceUs;
    if (elapsedUs >= LEAST_WINDOW_US) {
      this.#share = workers === 0 ? 0 : Math.min(1, Math.max(0, (workUs - this.#workUs) / (elapsedUs * workers)));
      this.#sinceUs = nowUs;
      this.#workUs = workUs;
    }
    return this.#share;
  }
}
