import { FAILURE_KINDS, type RunSample } from '../../contract/index.js';
import { seededRandom } from '../../domain/arrivals/index.js';
import { SAMPLE_WIDTH, type SampleBatch } from '../generator/messages.js';
import { parseBatchRows, parseServerTiming } from './server-timing.js';

/** Requests of the random reservoir, and those kept beyond it because they failed or were slow. */
export const RESERVOIR_MAX = 1_600_000;
export const EXTRA_MAX = 400_000;
const CHUNK_ROWS = 16_384;
const TIMING_NAMES_MAX = 16;
/** Different replicas, model runs and phases at most; later ones are left unnamed. */
const WORDS_MAX = 10_000;
/** Numbers of a row: the message's, then phase, replica and run id as indices into `#words`, then rows of the batch. */
const WIDTH = SAMPLE_WIDTH + 4;

/** Rows of numbers in chunks, so that a small run costs little and a large one never copies. */
class RowStore {
  readonly width: number;
  readonly #chunks: Float64Array[] = [];
  count = 0;

  constructor(width: number) {
    this.width = width;
  }

  /** The numbers of one row, writable. */
  row(index: number): Float64Array {
    const chunk = Math.floor(index / CHUNK_ROWS);
    const data = (this.#chunks[chunk] ??= new Float64Array(CHUNK_ROWS * this.width));
    const from = (index % CHUNK_ROWS) * this.width;
    return data.subarray(from, from + this.width);
  }

  append(): Float64Array {
    return this.row(this.count++);
  }
}

/**
 * At most 2 M samples: all of them while they fit, then a seeded uniform reservoir (Vitter's algorithm R) plus failed
 * and slowest requests that fell out of it, marked `extra`.
 */
export class SampleStore {
  readonly #random: () => number;
  readonly #reservoirMax: number;
  readonly #extraMax: number;
  readonly #rows = new RowStore(WIDTH + TIMING_NAMES_MAX);
  readonly #extra = new RowStore(WIDTH + TIMING_NAMES_MAX);
  readonly #words: string[] = [''];
  readonly #wordIndex = new Map<string, number>([['', 0]]);
  readonly #timingNames: string[] = [];
  #seen = 0;

  constructor(seed: number, reservoirMax: number = RESERVOIR_MAX, extraMax: number = EXTRA_MAX) {
    this.#random = seededRandom(seed);
    this.#reservoirMax = reservoirMax;
    this.#extraMax = extraMax;
  }

  /** Requests that were offered, and samples that are kept. */
  get seen(): number {
    return this.#seen;
  }

  /** Whether the reservoir is full: from now on samples push each other out. */
  get overflowing(): boolean {
    return this.#rows.count >= this.#reservoirMax;
  }

  get kept(): number {
    return this.#rows.count + this.#extra.count;
  }

  /** `slowUs`: response times from here on are worth keeping whatever the reservoir says. */
  add(batch: SampleBatch, phaseName: string, slowUs: number): void {
    const phase = this.#word(phaseName);
    for (let i = 0; i < batch.count; i++) {
      this.#seen++;
      const row = this.#place(batch, i, slowUs);
      if (row === null) continue;
      row.set(batch.numbers.subarray(i * SAMPLE_WIDTH, (i + 1) * SAMPLE_WIDTH));
      row[SAMPLE_WIDTH] = phase;
      row[SAMPLE_WIDTH + 1] = this.#word(batch.replica[i] ?? '');
      row[SAMPLE_WIDTH + 2] = this.#word(batch.runId[i] ?? '');
      const timing = batch.serverTiming[i] ?? '';
      row[SAMPLE_WIDTH + 3] = parseBatchRows(timing) ?? 0;
      this.#setTiming(row, timing);
    }
  }

  /** Samples by time of completion, one by one. */
  *samples(): Generator<RunSample> {
    const order = [
      ...Array.from({ length: this.#rows.count }, (_, i) => i),
      ...Array.from({ length: this.#extra.count }, (_, i) => -1 - i),
    ];
    const row = (place: number): Float64Array => (place >= 0 ? this.#rows.row(place) : this.#extra.row(-1 - place));
    order.sort((a, b) => (row(a)[4] ?? 0) - (row(b)[4] ?? 0));
    for (const place of order) yield this.#sample(row(place), place < 0);
  }

  /** Where a sample goes, or null when it is not kept. What it pushes out may be kept as an extra. */
  #place(batch: SampleBatch, i: number, slowUs: number): Float64Array | null {
    if (this.#rows.count < this.#reservoirMax) return this.#rows.append();
    const target = Math.floor(this.#random() * this.#seen);
    if (target < this.#reservoirMax) {
      const row = this.#rows.row(target);
      if (this.#notable(row, 0, slowUs)) this.#keepExtra()?.set(row);
      return row;
    }
    return this.#notable(batch.numbers, i * SAMPLE_WIDTH, slowUs) ? this.#keepExtra() : null;
  }

  #notable(numbers: Float64Array, at: number, slowUs: number): boolean {
    return (numbers[at + 7] ?? -1) >= 0 || (numbers[at + 4] ?? 0) - (numbers[at + 1] ?? 0) >= slowUs;
  }

  #keepExtra(): Float64Array | null {
    return this.#extra.count < this.#extraMax ? this.#extra.append() : null;
  }

  #word(text: string): number {
    let index = this.#wordIndex.get(text);
    if (index === undefined) {
      if (this.#words.length >= WORDS_MAX) return 0;
      index = this.#words.length;
      this.#words.push(text);
      this.#wordIndex.set(text, index);
    }
    return index;
  }

  #setTiming(row: Float64Array, header: string): void {
    row.fill(Number.NaN, WIDTH);
    for (const [name, ms] of Object.entries(parseServerTiming(header))) {
      let index = this.#timingNames.indexOf(name);
      if (index < 0 && this.#timingNames.length < TIMING_NAMES_MAX) index = this.#timingNames.push(name) - 1;
      if (index >= 0) row[WIDTH + index] = ms;
    }
  }

  #sample(row: Float64Array, extra: boolean): RunSample {
    const [user = 0, intended = 0, sent = 0, first = Number.NaN, done = 0, wait = 0, status = 0, failure = -1] = row;
    const timing: Record<string, number> = {};
    for (const [i, name] of this.#timingNames.entries()) {
      const ms = row[WIDTH + i] ?? Number.NaN;
      if (!Number.isNaN(ms)) timing[name] = ms;
    }
    const replica = this.#words[row[SAMPLE_WIDTH + 1] ?? 0] ?? '';
    const runId = this.#words[row[SAMPLE_WIDTH + 2] ?? 0] ?? '';
    const batchRows = row[SAMPLE_WIDTH + 3] ?? 0;
    return {
      phase: this.#words[row[SAMPLE_WIDTH] ?? 0] ?? '',
      user,
      intended_us: Math.round(intended),
      sent_us: Math.round(sent),
      first_byte_us: Number.isNaN(first) ? null : Math.round(first),
      done_us: Math.round(done),
      connection_wait_us: Math.round(wait),
      status,
      failure: FAILURE_KINDS[failure] ?? null,
      bytes_out: row[8] ?? 0,
      bytes_in: row[9] ?? 0,
      ...(Object.keys(timing).length > 0 ? { timing_ms: timing } : {}),
      ...(batchRows > 0 ? { batch_rows: batchRows } : {}),
      ...(replica === '' ? {} : { replica }),
      ...(runId === '' ? {} : { run_id: runId }),
      ...(extra ? { extra: true as const } : {}),
    };
  }
}
