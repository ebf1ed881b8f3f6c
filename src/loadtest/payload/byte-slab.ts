/** Small enough that the allocator gives the same memory again, instead of fresh pages from the kernel. */
const SLAB_BYTES = 64 * 1024;

/**
 * Memory for requests on their way, dealt out front to back from pieces of 64 KiB and never twice, so that a request
 * that the kernel has not taken yet stays whole; a piece goes when nobody holds a part of it.
 */
export class ByteSlab {
  #memory: Buffer = Buffer.alloc(0);
  #used = 0;

  /** Uninitialised memory of that length. */
  take(bytes: number): Buffer {
    if (this.#used + bytes > this.#memory.length) {
      this.#memory = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes));
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += bytes;
    return this.#memory.subarray(from, this.#used);
  }
}
