/** Models differ a little in size from one training to the next; a buffer fits all that end in the same step. */
const STEP_BYTES = 65_536;
/** A buffer is not used for a model that would leave more of it empty than this share. */
const MAX_EMPTY = 0.5;
/** Buffers kept for models to come: as many as change at once. */
const KEPT_BUFFERS = 2;

/** A model file in memory that threads share: the first `bytes` of `buffer`. */
export interface SharedModel {
  readonly buffer: SharedArrayBuffer;
  readonly bytes: number;
}

/**
 * Memory for model files, used again when a version has left. V8 does not count shared memory as its own, so what each
 * version leaves would not be collected before something else makes it look: a model's size with every change.
 */
export class ModelMemory {
  /** Oldest first. */
  readonly #free: SharedArrayBuffer[] = [];

  /** Room for a model of `bytes`, with anything in it. */
  take(bytes: number): SharedModel {
    const fits = ({ byteLength }: SharedArrayBuffer): boolean =>
      byteLength >= bytes && bytes >= (1 - MAX_EMPTY) * byteLength;
    const at = this.#free.findIndex(fits);
    const [free] = at < 0 ? [] : this.#free.splice(at, 1);
    return { buffer: free ?? new SharedArrayBuffer(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES), bytes };
  }

  /** To be called once for what `take` gave, when no thread reads it any more. */
  giveBack({ buffer }: SharedModel): void {
    this.#free.push(buffer);
    if (this.#free.length > KEPT_BUFFERS) this.#free.shift();
  }
}
