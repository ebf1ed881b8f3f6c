import { FAILURE_KINDS } from '../../contract/index.js';
import { SAMPLE_WIDTH, type SampleBatch } from '../generator/messages.js';
import { parseServerTiming } from './server-timing.js';

const REPLICAS_MAX = 1_000;

/** What is counted of a phase, as plain data: tallies of shards add up. */
export interface TallyState {
  readonly statuses: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly replicas: Readonly<Record<string, number>>;
  readonly examples: Readonly<Record<string, string>>;
  /** By Server-Timing part: sum, ms, and number. */
  readonly timing: Readonly<Record<string, readonly [sum: number, count: number]>>;
  readonly connectionWaitUs: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly lastDoneUs: number;
  readonly answersInside: number;
  readonly coveredUs: number;
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** Counts and sums of a phase. */
export class PhaseTally {
  readonly #statuses = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #replicas = new Map<string, number>();
  readonly #examples: Record<string, string> = {};
  readonly #timing = new Map<string, { sum: number; count: number }>();
  connectionWaitUs = 0;
  bytesOut = 0;
  bytesIn = 0;
  lastDoneUs = 0;
  /** Right answers inside the window, and the request-time that they and their rests cover of it. */
  answersInside = 0;
  coveredUs = 0;

  /** Counts sample `i` of a batch. */
  add(batch: SampleBatch, i: number): void {
    const at = i * SAMPLE_WIDTH;
    const { numbers } = batch;
    const failure = numbers[at + 7] ?? -1;
    add(this.#statuses, String(numbers[at + 6] ?? 0), 1);
    if (failure >= 0) add(this.#failures, FAILURE_KINDS[failure] ?? 'bad_answer', 1);
    else this.#addTiming(batch.serverTiming[i] ?? '');
    this.#addReplica(batch.replica[i] ?? '', 1);
    this.connectionWaitUs += numbers[at + 5] ?? 0;
    this.bytesOut += numbers[at + 8] ?? 0;
    this.bytesIn += numbers[at + 9] ?? 0;
    this.lastDoneUs = Math.max(this.lastDoneUs, numbers[at + 4] ?? 0);
  }

  addExamples(examples: Readonly<Record<string, string>>): void {
    for (const [kind, text] of Object.entries(examples)) this.#examples[kind] ??= text;
  }

  state(): TallyState {
    return {
      statuses: Object.fromEntries(this.#statuses),
      failures: Object.fromEntries(this.#failures),
      replicas: Object.fromEntries(this.#replicas),
      examples: this.#examples,
      timing: Object.fromEntries([...this.#timing].map(([part, { sum, count }]) => [part, [sum, count] as const])),
      connectionWaitUs: this.connectionWaitUs,
      bytesOut: this.bytesOut,
      bytesIn: this.bytesIn,
      lastDoneUs: this.lastDoneUs,
      answersInside: this.answersInside,
      coveredUs: this.coveredUs,
    };
  }

  merge(state: TallyState): void {
    for (const [status, by] of Object.entries(state.statuses)) add(this.#statuses, status, by);
    for (const [kind, by] of Object.entries(state.failures)) add(this.#failures, kind, by);
    for (const [replica, by] of Object.entries(state.replicas)) this.#addReplica(replica, by);
    for (const [part, [sum, count]] of Object.entries(state.timing)) this.#addPart(part, sum, count);
    this.addExamples(state.examples);
    this.connectionWaitUs += state.connectionWaitUs;
    this.bytesOut += state.bytesOut;
    this.bytesIn += state.bytesIn;
    this.lastDoneUs = Math.max(this.lastDoneUs, state.lastDoneUs);
    this.answersInside += state.answersInside;
    this.coveredUs += state.coveredUs;
  }

  #addReplica(replica: string, by: number): void {
    if (replica !== '' && (this.#replicas.size < REPLICAS_MAX || this.#replicas.has(replica))) {
      add(this.#replicas, replica, by);
    }
  }

  #addTiming(header: string): void {
    for (const [part, ms] of Object.entries(parseServerTiming(header))) this.#addPart(part, ms, 1);
  }

  #addPart(part: string, sum: number, count: number): void {
    const entry = this.#timing.get(part);
    if (entry === undefined) this.#timing.set(part, { sum, count });
    else {
      entry.sum += sum;
      entry.count += count;
    }
  }
}
