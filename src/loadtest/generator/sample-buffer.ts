import { FAILURE_KINDS } from '../../contract/index.js';
import type { Failure } from './answer-check.js';
import type { Exchange } from './http-connection.js';
import { SAMPLE_WIDTH, type SampleBatch } from './messages.js';

/** Samples of one message; at this many a batch is sent without waiting for the clock. */
export const BATCH_SAMPLES = 2_048;

/** Collects samples column-wise: the sending path writes ten numbers and keeps three strings, nothing else. */
export class SampleBuffer {
  #numbers = new Float64Array(BATCH_SAMPLES * SAMPLE_WIDTH);
  #count = 0;
  #serverTiming: string[] = [];
  #replica: string[] = [];
  #runId: string[] = [];
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
    this.#count++;
    this.#serverTiming.push(exchange.answer?.serverTiming ?? '');
    this.#replica.push(exchange.answer?.replica ?? '');
    this.#runId.push(exchange.answer?.runId ?? '');
    if (failure !== null) this.#examples[failure.kind] ??= failure.text;
  }

  /** The batch so far; the buffer is empty afterwards. */
  take(phase: number): SampleBatch {
    const batch: SampleBatch = {
      type: 'samples',
      phase,
      count: this.#count,
      numbers: this.#numbers.slice(0, this.#count * SAMPLE_WIDTH),
      serverTiming: this.#serverTiming,
      replica: this.#replica,
      runId: this.#runId,
      examples: this.#examples,
    };
    this.#count = 0;
    this.#serverTiming = [];
    this.#replica = [];
    this.#runId = [];
    this.#examples = {};
    return batch;
  }
}
