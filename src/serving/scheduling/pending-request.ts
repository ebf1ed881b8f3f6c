import { FltsError } from '../../contract/index.js';
import type { Engine } from './engine.js';
import type { Job } from './job.js';
import type { Lane } from './lane.js';
import type { Clock } from '../ports.js';

/** Where a request's time went, µs: contiguous parts from the end of parsing. Filled as the request goes on. */
export interface RequestTiming {
  prepUs: number;
  queueUs: number;
  execUs: number;
  lagUs: number;
  /** Rows of the last batch that it was in; 0 when it was in none. */
  batchRows: number;
}

export function emptyTiming(): RequestTiming {
  return { prepUs: 0, queueUs: 0, execUs: 0, lagUs: 0, batchRows: 0 };
}

/**
 * One request's wait for its windows. Tells `onEnd` once: null when all are done, or the first failure, FLTS_DEADLINE at
 * the deadline, FLTS_CLIENT_GONE when it is cancelled because its client has gone. Whatever the end, windows that nobody
 * else waits for leave the queue. `onEnd` must not throw: the engine has others to tell.
 */
export class PendingRequest {
  readonly #engine: Engine;
  readonly #lane: Lane;
  readonly #jobs: readonly Job[];
  readonly #clock: Clock;
  readonly #timing: RequestTiming;
  readonly #sinceUs: number;
  readonly #joined: ReadonlySet<Job>;
  readonly #stopTimer: () => void;
  readonly #onEnd: (error: FltsError | null) => void;
  #open: number;
  #ended = false;

  /** `joined` are the jobs among `jobs` that another request had submitted before `sinceUs`. */
  constructor(
    engine: Engine,
    clock: Clock,
    lane: Lane,
    jobs: readonly Job[],
    joined: ReadonlySet<Job>,
    sinceUs: number,
    deadlineUs: number,
    timing: RequestTiming,
    onEnd: (error: FltsError | null) => void,
  ) {
    this.#engine = engine;
    this.#clock = clock;
    this.#lane = lane;
    this.#jobs = jobs;
    this.#joined = joined;
    this.#timing = timing;
    this.#sinceUs = sinceUs;
    this.#open = jobs.length;
    this.#onEnd = onEnd;
    for (const job of jobs) {
      job.onSettled(() => {
        this.#onSettled(job);
      });
    }
    this.#stopTimer = clock.schedule(Math.max(0, deadlineUs - clock.nowUs()), () => {
      this.#end(new FltsError('FLTS_DEADLINE', 'The deadline passed before the answer was ready'));
    });
  }

  /** The client has gone. */
  cancel(): void {
    // Connections close after every answer, too: an error is not even made then.
    if (this.#ended) return;
    this.#end(new FltsError('FLTS_CLIENT_GONE', 'The client closed the connection before the answer was ready'));
  }

  #onSettled(job: Job): void {
    if (this.#ended) return;
    if (job.error !== null) {
      this.#end(job.error, job);
      return;
    }
    this.#open--;
    if (this.#open > 0) return;
    this.#ended = true;
    this.#stopTimer();
    this.#readTiming(job);
    this.#onEnd(null);
  }

  #end(error: FltsError, cause?: Job): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopTimer();
    const last = cause ?? this.#jobs.find((job) => job.isOpen) ?? this.#jobs[0];
    if (last !== undefined) this.#readTiming(last);
    for (const job of this.#jobs) this.#engine.abandon(this.#lane, job);
    this.#onEnd(error);
  }

  /** The parts of the job that ended last: it was submitted with the others, so its sums span the whole wait. */
  #readTiming(job: Job): void {
    const elapsedUs = this.#clock.nowUs() - this.#sinceUs;
    this.#timing.batchRows = job.batchRows;
    if (this.#joined.has(job)) {
      // The model ran for another request, from before this one came: to this one all of it was waiting.
      this.#timing.queueUs = elapsedUs;
      return;
    }
    this.#timing.queueUs = job.queueUs;
    this.#timing.execUs = job.execUs;
    this.#timing.lagUs = job.lagUs;
    if (!job.isOpen) return;
    const openUs = elapsedUs - job.queueUs - job.execUs - job.lagUs;
    if (job.state === 'running') this.#timing.execUs += openUs;
    else this.#timing.queueUs += openUs;
  }
}
