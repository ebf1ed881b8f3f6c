/**
 * Over what time a queue's speed is taken, µs: what is older counts for e⁻¹ of it, and less. Whoever comes waits for up to
 * a second or so; a pause of a tenth of one (a full collection, a neighbour) is to be in the mean, not to stand for it.
 */
const MEMORY_US = 2_000_000;

/**
 * How fast a queue is worked off, and from that how long its next member will wait: its length by the rate of late
 * (Little, "A Proof for the Queuing Formula L = λW", 1961). The age of its first member would tell how long those
 * waited who came that long ago. Where the queue grows, that is too little until it is too late for all of them.
 */
export class DrainRate {
  #spanUs = 0;
  #left = 0;

  /** Within `spanUs` (≥ 0), in which the queue was never empty, `left` members (≥ 0) were taken from it. */
  note(spanUs: number, left: number): void {
    const kept = Math.exp(-spanUs / MEMORY_US);
    this.#spanUs = this.#spanUs * kept + spanUs;
    this.#left = this.#left * kept + left;
  }

  /** How long the next member waits behind `queued` others, µs; 0 while nothing is known. */
  waitUs(queued: number): number {
    return this.#left === 0 ? 0 : (queued * this.#spanUs) / this.#left;
  }
}
