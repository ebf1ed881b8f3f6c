import { PARTS, type PartTimes, splitRequest, type TimedRequest } from './request-parts.js';

/** Requests that a log holds at most, ≥ 2; beyond, every other one is dropped, so that the rest stay evenly spread. */
const ROWS_MAX = 131_072;
/** Different replicas at most; later ones count as unnamed. */
const REPLICAS_MAX = 64;
/** Response time, batch rows, replica's number, then the parts. */
const WIDTH = 3 + PARTS.length;

export interface LoggedRequest extends TimedRequest {
  /** 0 where it is not known. */
  readonly batchRows: number;
  /** Empty where it is not known. */
  readonly replica: string;
}

/** One request of a log. */
export interface LogRow {
  readonly responseMs: number;
  readonly batchRows: number;
  readonly parts: PartTimes;
}

/**
 * The right answers of one phase, bounded: float32 rows, and when they are full every second row goes and from then on
 * only every second request is taken, every fourth, and so on. Which rows stay depends on their order alone.
 */
export class RequestLog {
  readonly #rowsMax: number;
  #data = new Float32Array(1024 * WIDTH);
  #rows = 0;
  #seen = 0;
  #every = 1;
  readonly #replicas: string[] = [];

  constructor(rowsMax: number = ROWS_MAX) {
    this.#rowsMax = Math.max(2, rowsMax);
  }

  /** Requests that were offered. */
  get seen(): number {
    return this.#seen;
  }

  /** Requests that are held. */
  get size(): number {
    return this.#rows;
  }

  /** Names of replicas, by number. */
  get replicas(): readonly string[] {
    return this.#replicas;
  }

  add(request: LoggedRequest): void {
    if (!Number.isFinite(request.responseMs) || request.responseMs < 0) return;
    if (this.#seen++ % this.#every !== 0) return;
    if (this.#rows === this.#rowsMax) this.#thin();
    if ((this.#rows + 1) * WIDTH > this.#data.length) this.#grow();
    const parts = splitRequest(request);
    const at = this.#rows++ * WIDTH;
    this.#data[at] = request.responseMs;
    this.#data[at + 1] = request.batchRows;
    this.#data[at + 2] = this.#replicaNumber(request.replica);
    for (const [i, part] of PARTS.entries()) this.#data[at + 3 + i] = parts[part];
  }

  /** Numbers of rows by rising response time; of one replica where its number is given. */
  order(replica: number | null = null): Uint32Array {
    const rows = Uint32Array.from({ length: this.#rows }, (_, i) => i).filter(
      (row) => replica === null || this.#data[row * WIDTH + 2] === replica,
    );
    return rows.sort((a, b) => (this.#data[a * WIDTH] ?? 0) - (this.#data[b * WIDTH] ?? 0));
  }

  row(row: number): LogRow {
    const at = row * WIDTH;
    const value = (i: number): number => this.#data[at + i] ?? 0;
    return {
      responseMs: value(0),
      batchRows: value(1),
      parts: Object.fromEntries(PARTS.map((part, i) => [part, value(3 + i)])) as unknown as PartTimes,
    };
  }

  /** Number of the row's replica, −1 where it is unnamed. */
  replicaOf(row: number): number {
    return this.#data[row * WIDTH + 2] ?? -1;
  }

  #replicaNumber(name: string): number {
    if (name === '') return -1;
    const known = this.#replicas.indexOf(name);
    if (known >= 0) return known;
    return this.#replicas.length < REPLICAS_MAX ? this.#replicas.push(name) - 1 : -1;
  }

  #grow(): void {
    const larger = new Float32Array(Math.min(this.#rowsMax * WIDTH, this.#data.length * 2));
    larger.set(this.#data);
    this.#data = larger;
  }

  #thin(): void {
    let kept = 0;
    for (let row = 0; row < this.#rows; row += 2) {
      this.#data.copyWithin(kept++ * WIDTH, row * WIDTH, (row + 1) * WIDTH);
    }
    this.#rows = kept;
    this.#every *= 2;
  }
}
