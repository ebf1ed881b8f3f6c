import { build, type Histogram, initWebAssembly } from 'hdr-histogram-js';

/** Longest time that is told apart, µs (about 33 min; requests time out long before); longer ones count as this. */
const TRACKABLE_US_MAX = 2_000_000_000;
const DIGITS = 3;

/** Whole µs, as ms. */
const toMs = (us: number): number => Math.round(us) / 1000;

let loading: Promise<void> | null = null;

/** Loads the WebAssembly histograms; to be awaited once before the first `LatencyHistogram`. */
export function loadHistograms(): Promise<void> {
  loading ??= initWebAssembly();
  return loading;
}

/**
 * Times in integer µs, 3 significant digits (HdrHistogram), with exact minimum, maximum and sum beside it. Memory is
 * WebAssembly's: `destroy` frees it.
 */
export class LatencyHistogram {
  readonly inner: Histogram;
  #count = 0;
  #sumUs = 0;
  #minUs = Number.POSITIVE_INFINITY;
  #maxUs = 0;

  constructor() {
    this.inner = build({
      useWebAssembly: true,
      bitBucketSize: 32,
      autoResize: false,
      lowestDiscernibleValue: 1,
      highestTrackableValue: TRACKABLE_US_MAX,
      numberOfSignificantValueDigits: DIGITS,
    });
  }

  get count(): number {
    return this.#count;
  }

  /** Records one duration, µs; below 0 (clocks of two processes differ by a few µs) counts as 0. */
  record(us: number): void {
    const value = Math.max(0, us);
    this.#count++;
    this.#sumUs += value;
    if (value < this.#minUs) this.#minUs = value;
    if (value > this.#maxUs) this.#maxUs = value;
    this.inner.recordValue(Math.min(TRACKABLE_US_MAX, Math.round(value)));
  }

  /** The `rank`-th smallest value (1-based), ms, to 3 digits and never beyond the exact ends. */
  msAtRank(rank: number): number {
    // A quarter of a rank below keeps floating-point rounding from falling onto the neighbour.
    const us = this.inner.getValueAtPercentile((100 * (rank - 0.25)) / this.#count);
    return toMs(Math.min(Math.max(us, this.#minUs), this.#maxUs));
  }

  get minMs(): number | null {
    return this.#count === 0 ? null : toMs(this.#minUs);
  }

  get maxMs(): number | null {
    return this.#count === 0 ? null : toMs(this.#maxUs);
  }

  get meanMs(): number | null {
    return this.#count === 0 ? null : toMs(this.#sumUs / this.#count);
  }

  /** Smallest, largest and sum, µs, beyond what buckets can tell. */
  get exactUs(): readonly [minUs: number, maxUs: number, sumUs: number] {
    return [this.#minUs, this.#maxUs, this.#sumUs];
  }

  /** Adds the exact figures of another histogram, and by `addBuckets` its buckets: together they lose nothing. */
  addExact(minUs: number, maxUs: number, sumUs: number): void {
    this.#minUs = Math.min(this.#minUs, minUs);
    this.#maxUs = Math.max(this.#maxUs, maxUs);
    this.#sumUs += sumUs;
  }

  addBuckets(other: Histogram): void {
    this.inner.add(other);
    this.#count += other.totalCount;
  }

  destroy(): void {
    this.inner.destroy();
  }
}
