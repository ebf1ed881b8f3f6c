export const RUN_END_BYTES = 24;

/** Where in the memory the flag lies; the two times before it are float64. */
const FLAG_OFFSET_BYTES = 16;
const UNDER_WAY = 0;
const ENDED = 1;

/**
 * Memory that the HTTP thread and an inference thread share, in which the latter says when a run began and ended:
 * float64 startUs, float64 endUs, int32 flag. The flag is written last, atomically, so who sees it sees the times and
 * the forecast, too (ECMAScript memory model: an atomic read that sees an atomic write comes after all before it).
 */
export class RunEnd {
  readonly #times: Float64Array;
  readonly #flag: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#times = new Float64Array(memory, 0, 2);
    this.#flag = new Int32Array(memory, FLAG_OFFSET_BYTES, 1);
  }

  /** Whether the run has ended well and that was not taken yet. */
  get isThere(): boolean {
    return Atomics.load(this.#flag, 0) === ENDED;
  }

  /** Said by the inference thread, after the forecast is in its place. */
  write(startUs: number, endUs: number): void {
    this.#times[0] = startUs;
    this.#times[1] = endUs;
    Atomics.store(this.#flag, 0, ENDED);
  }

  /** When the run began and ended, µs; from now on it is not there any more. */
  take(): { readonly startUs: number; readonly endUs: number } {
    const [startUs = 0, endUs = 0] = this.#times;
    Atomics.store(this.#flag, 0, UNDER_WAY);
    return { startUs, endUs };
  }
}
