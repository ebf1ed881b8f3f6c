/** Where a training is. */
export interface TrainProgress {
  /** What is being done, for people. */
  readonly text: string;
  /** 0..1 of the whole training; an estimate while the best epoch is not known. */
  readonly fraction: number;
  /** Estimated seconds left; null at the start. */
  readonly secondsLeft: number | null;
  /** Training and validation loss (weighted mean absolute error, standardised) of the epoch under way, where there is one. */
  readonly loss: number | null;
  readonly validationLoss: number | null;
  /** The epoch under way, 1…, where there is one. */
  readonly epoch: number | null;
}

export type OnTrainProgress = (progress: TrainProgress) => void;

/** Less than this share done gives no estimate of the time left. */
const ESTIMATE_FROM = 0.05;

/** Turns work done into shares and time left. Work is in any unit; later parts may turn out smaller than planned. */
export class ProgressMeter {
  readonly #report: OnTrainProgress;
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  #planned: number;
  #done = 0;

  constructor(planned: number, report: OnTrainProgress, nowMs: () => number) {
    this.#planned = planned;
    this.#report = report;
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  /** Reports a place inside a part of `work` units that begins where the last finished part ended; `share` 0..1. */
  at(
    text: string,
    work: number,
    share: number,
    loss: number | null = null,
    validationLoss: number | null = null,
    epoch: number | null = null,
  ): void {
    const fraction = Math.min(1, (this.#done + work * share) / this.#planned);
    const elapsedS = (this.#nowMs() - this.#startedMs) / 1000;
    const secondsLeft = fraction < ESTIMATE_FROM ? null : (elapsedS * (1 - fraction)) / fraction;
    this.#report({ text, fraction, secondsLeft, loss, validationLoss, epoch });
  }

  /** A part is finished; `work` units were planned for it and `actual` turned out for what comes after. */
  finish(work: number): void {
    this.#done += work;
  }

  /** The whole is now expected to be this much. */
  replan(planned: number): void {
    this.#planned = planned;
  }
}
