/** How often the lag is sampled, ms. */
const SAMPLE_MS = 20;

export interface EventLoopLag {
  readonly last: number;
  readonly max: number;
  readonly avg: number;
}

/**
 * Samples how much later than asked this thread's timers fire: the time for which anything else had to wait, ms,
 * ≥ 0. The timer does not keep the process alive.
 */
export class EventLoopLagSampler {
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #max = 0;
  #sum = 0;
  #count = 0;

  /** Begins to sample; what came before, such as loading modules, does not count. */
  start(onSample: (lagMs: number) => void): void {
    let beforeMs = performance.now();
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      const lagMs = Math.max(0, nowMs - beforeMs - SAMPLE_MS);
      beforeMs = nowMs;
      this.#last = lagMs;
      this.#max = Math.max(this.#max, lagMs);
      this.#sum += lagMs;
      this.#count++;
      onSample(lagMs);
    }, SAMPLE_MS);
    this.#timer.unref();
  }

  read(): EventLoopLag {
    return { last: this.#last, max: this.#max, avg: this.#count === 0 ? 0 : this.#sum / this.#count };
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
