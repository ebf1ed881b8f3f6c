import { FAILURE_KINDS } from '../../contract/index.js';
import type { Failure } from './answer-check.js';
import type { Exchange } from './http-connection.js';
import { type PackedBatch, SAMPLE_WIDTH, type SampleBatch } from './messages.js';

/** Samples of one message; at this many a batch is sent without waiting for the clock. */
export const BATCH_SAMPLES = 2_048;

/** Collects samples column-wise: the sending path writes ten numbers and three references, nothing else. */
export class SampleBuffer {
  readonly #numbers = new Float64Array(BATCH_SAMPLES * SAMPLE_WIDTH);
  readonly #wordAt = new Uint16Array(BATCH_SAMPLES * 2);
  #count = 0;
  #serverTiming: string[] = [];
  #hasTiming = false;
  #words = [''];
  readonly #places = new Map([['', 0]]);
  #examples: Record<string, string> = {};

  get full(): boolean {
    return this.#count >= BATCH_SAMPLES;
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  add(user: number, intendedUs: number, exchange: Exchange, failure: Failure | null, bytesOut: number): void {
    const at = this.#count * SAMPLE_WIDTH;
    const numbers = this.#numbers;
    numbers[at] = user;
    numbers[at + 1] = intendedUs;
    numbers[at + 2] = exchange.sentUs;
    numbers[at + 3] = exchange.firstByteUs ?? Number.NaN;
    numbers[at + 4] = exchange.doneUs;
    numbers[at + 5] = exchange.connectionWaitUs;
    numbers[at + 6] = exchange.answer?.status ?? 0;
    numbers[at + 7] = failure === null ? -1 : FAILURE_KINDS.indexOf(failure.kind);
    numbers[at + 8] = bytesOut;
    numbers[at + 9] = exchange.bytesIn;
    const serverTiming = exchange.answer?.serverTiming ?? '';
    if (serverTiming !== '') this.#hasTiming = true;
    this.#serverTiming.push(serverTiming);
    this.#wordAt[2 * this.#count] = this.#place(exchange.answer?.replica ?? '');
    this.#wordAt[2 * this.#count + 1] = this.#place(exchange.answer?.runId ?? '');
    this.#count++;
    if (failure !== null) this.#examples[failure.kind] ??= failure.text;
  }

  /** The batch so far, to be sent before the next sample comes: the buffer is empty afterwards and uses its memory again. */
  take(phase: number): PackedBatch {
    const batch: PackedBatch = {
      type: 'samples',
      phase,
      count: this.#count,
      numbers: this.#numbers.subarray(0, this.#count * SAMPLE_WIDTH),
      words: this.#words,
      wordAt: this.#words.length === 1 ? null : this.#wordAt.subarray(0, this.#count * 2),
      serverTiming: this.#hasTiming ? this.#serverTiming.join('\n') : null,
      examples: this.#examples,
    };
    this.#count = 0;
    this.#serverTiming = [];
    this.#hasTiming = false;
    this.#words = [''];
    this.#places.clear();
    this.#places.set('', 0);
    this.#examples = {};
    return batch;
  }

  #place(word: string): number {
    let place = this.#places.get(word);
    if (place === undefined) {
      place = this.#words.push(word) - 1;
      this.#places.set(word, place);
    }
    return place;
  }
}

/** The batch as it was collected. */
export function unpackBatch(packed: PackedBatch): SampleBatch {
  const { phase, count, numbers, words, wordAt, serverTiming, examples } = packed;
  const wordsAt = (column: 0 | 1): string[] =>
    Array.from({ length: count }, (_, i) => words[wordAt?.[2 * i + column] ?? 0] ?? '');
  return {
    phase,
    count,
    numbers,
    serverTiming: serverTiming === null ? Array.from({ length: count }, () => '') : serverTiming.split('\n'),
    replica: wordsAt(0),
    runId: wordsAt(1),
    examples,
  };
}
