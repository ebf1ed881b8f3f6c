import { type BlockSums, type SpikePoint } from '../../domain/stats/index.js';

/** Equal stretches that a phase is cut into, and blocks of neighbouring stretches. */
const SLOTS = 480;
const BLOCKS = 60;
/** Buckets of the blocks' histograms grow by 0.5 %: finer than what 60 blocks can tell. */
const LOG_STEP = Math.log(1.005);
const BUCKETS = 4_300;
/** Percentiles of fewer answers are no point of a series. */
const ANSWERS_MIN = 20;
/** How many blocks a stretch may have: thirds of all blocks are whole numbers of stretches. */
const STRETCH_BLOCKS = [1, 2, 4, 5, 10, 20];

const bucketOf = (us: number): number =>
  Math.min(BUCKETS - 1, Math.max(0, Math.round(Math.log(Math.max(1, us)) / LOG_STEP)));
const msOfBucket = (bucket: number): number => Math.exp(bucket * LOG_STEP) / 1000;

/** What a series is made of, as plain data: series of shards add up. */
export interface SeriesState {
  readonly counts: readonly number[];
  readonly sums: readonly number[];
  readonly squares: readonly number[];
  readonly inFlight: readonly number[];
  /** By block: bucket, count, bucket, count, … */
  readonly buckets: readonly (readonly number[])[];
}

/** How a timed phase went over its length: what steadiness, effective n, slopes and recovery are judged by. */
export class PhaseSeries {
  readonly #startUs: number;
  readonly #slotUs: number;
  readonly #counts = new Float64Array(SLOTS);
  readonly #sums = new Float64Array(SLOTS);
  readonly #squares = new Float64Array(SLOTS);
  /** Request-time inside each slot that is not a whole slot, and by how many the number of whole ones changes. */
  readonly #partUs = new Float64Array(SLOTS);
  readonly #wholes = new Float64Array(SLOTS + 1);
  readonly #blocks = Array.from({ length: BLOCKS }, () => new Uint32Array(BUCKETS));

  constructor(startUs: number, endUs: number) {
    this.#startUs = startUs;
    this.#slotUs = (endUs - startUs) / SLOTS;
  }

  /** A right answer, by when it was due. */
  add(intendedUs: number, responseUs: number): void {
    const slot = Math.floor((intendedUs - this.#startUs) / this.#slotUs);
    if (slot < 0 || slot >= SLOTS) return;
    const ms = responseUs / 1000;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    this.#sums[slot] = (this.#sums[slot] ?? 0) + ms;
    this.#squares[slot] = (this.#squares[slot] ?? 0) + ms * ms;
    const block = this.#blocks[Math.floor((slot * BLOCKS) / SLOTS)];
    const bucket = bucketOf(responseUs);
    if (block !== undefined) block[bucket] = (block[bucket] ?? 0) + 1;
  }

  /** A request was in flight from … to; whatever came of it. */
  cover(fromUs: number, toUs: number): void {
    const from = Math.max(0, (fromUs - this.#startUs) / this.#slotUs);
    const to = Math.min(SLOTS, (toUs - this.#startUs) / this.#slotUs);
    if (!(to > from)) return;
    const first = Math.floor(from);
    const last = Math.min(SLOTS - 1, Math.floor(to));
    if (first === last) {
      this.#partUs[first] = (this.#partUs[first] ?? 0) + (to - from);
      return;
    }
    this.#partUs[first] = (this.#partUs[first] ?? 0) + (first + 1 - from);
    this.#partUs[last] = (this.#partUs[last] ?? 0) + (to - last);
    this.#wholes[first + 1] = (this.#wholes[first + 1] ?? 0) + 1;
    this.#wholes[last] = (this.#wholes[last] ?? 0) - 1;
  }

  /**
   * Mean response time and mean number in flight over as many equal stretches as hold `observations` requests each,
   * on average; at most 480.
   */
  batches(observations: number): { readonly responseMs: number[]; readonly inFlight: number[] } {
    const total = this.#counts.reduce((a, b) => a + b, 0);
    const merged = Math.max(1, Math.ceil((SLOTS * observations) / Math.max(1, total)));
    const flying = this.#inFlight();
    const responseMs: number[] = [];
    const inFlight: number[] = [];
    let before = 0;
    for (let from = 0; from + merged <= SLOTS; from += merged) {
      let count = 0;
      let sum = 0;
      let load = 0;
      for (let slot = from; slot < from + merged; slot++) {
        count += this.#counts[slot] ?? 0;
        sum += this.#sums[slot] ?? 0;
        load += flying[slot] ?? 0;
      }
      // A stretch in which nothing was due says nothing new.
      before = count > 0 ? sum / count : before;
      responseMs.push(before);
      inFlight.push(load / merged);
    }
    return { responseMs, inFlight };
  }

  blockSums(): BlockSums[] {
    const size = SLOTS / BLOCKS;
    const sumOf = (values: Float64Array, block: number): number =>
      values.subarray(block * size, (block + 1) * size).reduce((a, b) => a + b, 0);
    return Array.from({ length: BLOCKS }, (_, block) => ({
      count: sumOf(this.#counts, block),
      sum: sumOf(this.#sums, block),
      squares: sumOf(this.#squares, block),
    }));
  }

  /** Histograms of the blocks, narrowed to the buckets that are used; a bucket's place `i` is `msAt(i)`. */
  blockCounts(): { readonly blocks: Uint32Array[]; readonly msAt: (i: number) => number } {
    let low = BUCKETS;
    let high = 0;
    for (const block of this.#blocks) {
      const first = block.findIndex((count) => count > 0);
      if (first < 0) continue;
      low = Math.min(low, first);
      high = Math.max(
        high,
        block.findLastIndex((count) => count > 0),
      );
    }
    const blocks = this.#blocks.map((block) => block.subarray(Math.min(low, high), high + 1));
    return { blocks, msAt: (i) => msOfBucket(low + i) };
  }

  /**
   * p95 over stretches of one block or of several neighbours, as many as hold 40 answers on average; null where fewer
   * than 20 were answered. Thirds of the phase begin and end with a stretch.
   */
  p95(): { readonly points: SpikePoint[]; readonly stretchS: number } {
    const total = this.#counts.reduce((a, b) => a + b, 0);
    const merged = STRETCH_BLOCKS.find((blocks) => (total * blocks) / BLOCKS >= 2 * ANSWERS_MIN) ?? BLOCKS / 3;
    const stretchS = (this.#slotUs * (SLOTS / BLOCKS) * merged) / 1e6;
    const points = Array.from({ length: BLOCKS / merged }, (_, i) => {
      const counts = new Float64Array(BUCKETS);
      for (const block of this.#blocks.slice(i * merged, (i + 1) * merged)) {
        block.forEach((count, bucket) => (counts[bucket] = (counts[bucket] ?? 0) + count));
      }
      const answers = counts.reduce((a, b) => a + b, 0);
      let rest = Math.ceil(answers * 0.95);
      const bucket = counts.findIndex((count) => (rest -= count) <= 0);
      return { fromS: i * stretchS, p95Ms: answers < ANSWERS_MIN ? null : msOfBucket(bucket) };
    });
    return { points, stretchS };
  }

  state(): SeriesState {
    return {
      counts: [...this.#counts],
      sums: [...this.#sums],
      squares: [...this.#squares],
      inFlight: [...this.#inFlight()],
      buckets: this.#blocks.map((block) => [...block].flatMap((count, bucket) => (count > 0 ? [bucket, count] : []))),
    };
  }

  /** Adds what another generator recorded of the same phase. */
  merge(state: SeriesState): void {
    const add = (to: Float64Array, from: readonly number[]): void => {
      for (let i = 0; i < SLOTS; i++) to[i] = (to[i] ?? 0) + (from[i] ?? 0);
    };
    add(this.#counts, state.counts);
    add(this.#sums, state.sums);
    add(this.#squares, state.squares);
    add(this.#partUs, state.inFlight);
    for (const [i, pairs] of state.buckets.entries()) {
      const block = this.#blocks[i];
      for (let at = 0; block !== undefined && at < pairs.length; at += 2) {
        const bucket = pairs[at] ?? 0;
        block[bucket] = (block[bucket] ?? 0) + (pairs[at + 1] ?? 0);
      }
    }
  }

  #inFlight(): Float64Array {
    let whole = 0;
    return this.#partUs.map((part, slot) => {
      whole += this.#wholes[slot] ?? 0;
      return whole + part;
    });
  }
}
