import { type ErrorCode, FltsError } from '../../contract/index.js';
import {
  type AdaptiveLimitRules,
  type AdaptiveLimitState,
  initialAdaptiveLimit,
  nextAdaptiveLimit,
  nextAdmission,
  type RefusalReason,
  withinFairShare,
} from '../../domain/admission/index.js';
import { predictedFinishUs, workOffUs } from '../../domain/batching/index.js';
import type { Clock } from '../ports.js';
import type { Job, Ticket } from './job.js';
import type { Lane } from './lane.js';

export interface AdmissionLimits {
  /** Most rows in one run of the model. */
  readonly maxBatchRows: number;
  /** Most windows that wait for their first dispatch, over all versions. */
  readonly maxQueueLength: number;
  /** Most forecast steps of requests that are admitted and not ended. */
  readonly maxStepsInFlight: number;
  /** Most bytes of bodies of requests that are not answered. */
  readonly maxBytesInFlight: number;
  /** Whether a limit on admitted requests follows the queue's delay. */
  readonly adaptiveConcurrency: boolean;
  /** Whether clients share fairly once half of the places are taken. */
  readonly fairShare: boolean;
}

/** What admission asks of a request. */
export interface AskedPlace {
  readonly windows: number;
  readonly horizon: number;
  readonly priority: number;
  readonly client: string;
  readonly deadlineUs: number;
  /** How long it will wait before it can join, µs. */
  readonly waitUs: number;
}

/** A wait that is no standing queue yet, and over what time one is looked for. */
const TARGET_WAIT_US = 50_000;
const LIMIT_INTERVAL_US = 100_000;
/** The adaptive limit never keeps the workers from full batches: one runs, one gathers. */
const LEAST_BATCHES = 2;

const CODES: Readonly<Record<RefusalReason, ErrorCode>> = {
  draining: 'FLTS_DRAINING',
  over_share: 'FLTS_OVER_SHARE',
  queue_full: 'FLTS_QUEUE_FULL',
  steps_full: 'FLTS_STEPS_FULL',
  limit_reached: 'FLTS_LIMIT_REACHED',
  predicted_late: 'FLTS_PREDICTED_LATE',
};

/**
 * Keeps count of what is admitted, and refuses what would be too much. Guarantees: none of the bounds is exceeded but
 * by a request that is alone; whatever is counted in is counted out once, by `leave`.
 */
export class AdmissionGate {
  readonly limits: AdmissionLimits;
  readonly #clock: Clock;
  readonly #rules: AdaptiveLimitRules;
  /** Windows in the system by client; a client with none is not there. */
  readonly #held = new Map<string, number>();
  /** Bytes of bodies by client; a client with none is not there. */
  readonly #heldBytes = new Map<string, number>();
  #adaptive: AdaptiveLimitState;
  #windows = 0;
  #requests = 0;
  #queued = 0;
  #steps = 0;
  #bytes = 0;
  #draining = false;

  constructor(limits: AdmissionLimits, clock: Clock) {
    this.limits = limits;
    this.#clock = clock;
    const minimum = Math.min(LEAST_BATCHES * limits.maxBatchRows, limits.maxQueueLength);
    this.#rules = {
      targetWaitUs: TARGET_WAIT_US,
      intervalUs: LIMIT_INTERVAL_US,
      minimum,
      maximum: limits.maxQueueLength,
    };
    this.#adaptive = initialAdaptiveLimit(this.#rules, clock.nowUs());
  }

  /** Windows that wait for their first dispatch. */
  get queued(): number {
    return this.#queued;
  }

  /** Windows that wait or run, over all clients. */
  get windows(): number {
    return this.#windows;
  }

  /** Forecast steps of requests that are admitted and not ended. */
  get stepsInFlight(): number {
    return this.#steps;
  }

  /** Bytes of bodies of requests that are not answered. */
  get bytesInFlight(): number {
    return this.#bytes;
  }

  /** Most admitted requests; Infinity while nothing limits them. */
  get requestLimit(): number {
    return this.limits.adaptiveConcurrency ? Math.floor(this.#adaptive.limit) : Number.POSITIVE_INFINITY;
  }

  startDraining(): void {
    this.#draining = true;
  }

  /**
   * Throws when such a request may not join now: FLTS_DRAINING, FLTS_OVER_SHARE, FLTS_QUEUE_FULL, FLTS_STEPS_FULL,
   * FLTS_LIMIT_REACHED or FLTS_PREDICTED_LATE, with `reason` and `retryAfterS` in its details. Counts nothing in.
   */
  check(lane: Lane, asked: AskedPlace): void {
    const nowUs = this.#clock.nowUs();
    const { limits } = this;
    const capacity = lane.capacity(limits.maxBatchRows);
    const runs = lane.runsFor(asked.horizon);
    const work = { windows: asked.windows, runs };
    const decision = nextAdmission(
      {
        draining: this.#draining,
        queued: this.#queued,
        maxQueued: limits.maxQueueLength,
        stepsInFlight: this.#steps,
        maxStepsInFlight: limits.maxStepsInFlight,
        requestsInSystem: this.#requests,
        maxRequestsInSystem: this.requestLimit,
        withinShare: this.#withinShare(asked),
        predictedFinishUs:
          capacity === null || lane.isIdle
            ? null
            : predictedFinishUs(capacity, lane.work.aheadOf(asked.priority, runs), work),
        workOffUs: capacity === null ? null : workOffUs(capacity, lane.work.allRuns),
      },
      {
        windows: asked.windows,
        steps: asked.windows * asked.horizon,
        waitUs: asked.waitUs,
        timeLeftUs: asked.deadlineUs - nowUs,
      },
    );
    if (decision.admit) return;
    const { reason, retryAfterS } = decision;
    throw new FltsError(CODES[reason], this.#sentence(reason, asked), { details: { reason, retryAfterS } });
  }

  #withinShare({ client, windows }: AskedPlace): boolean {
    if (!this.limits.fairShare) return true;
    const held = this.#held.get(client) ?? 0;
    const capacity = this.limits.maxQueueLength;
    return withinFairShare({ held, total: this.#windows, clients: this.#held.size, capacity }, windows);
  }

  #sentence(reason: RefusalReason, asked: AskedPlace): string {
    const { maxQueueLength, maxStepsInFlight } = this.limits;
    if (reason === 'draining') return 'The service is shutting down';
    if (reason === 'over_share') return 'The service is busy, and this client has its share of it already';
    if (reason === 'queue_full') return `The queue is full (${this.#queued} of ${maxQueueLength})`;
    if (reason === 'steps_full') {
      return `The service has ${this.#steps} forecast steps under way, and ${asked.windows * asked.horizon} more would be over its ${maxStepsInFlight}`;
    }
    if (reason === 'limit_reached')
      return `The service has as many requests as it answers without delay (${this.#requests})`;
    return 'The service is too busy to answer before the deadline';
  }

  /** Counts in a request that was checked. */
  enter(lane: Lane, ticket: Ticket): void {
    const { jobs, client, priority, horizon } = ticket;
    this.#requests++;
    this.#queued += jobs.length;
    this.#windows += jobs.length;
    this.#steps += jobs.length * horizon;
    this.#held.set(client, (this.#held.get(client) ?? 0) + jobs.length);
    const runs = lane.runsFor(horizon);
    lane.work.add(priority, runs, runs, jobs.length);
  }

  /** One window was dispatched for the first time, or left before it was. */
  leaveQueue(): void {
    this.#queued--;
  }

  /** A window is done, failed or dropped. */
  leave(lane: Lane, job: Job): void {
    const { client, priority, horizon } = job.request;
    this.#windows--;
    this.#steps -= horizon;
    const held = (this.#held.get(client) ?? 0) - 1;
    if (held > 0) this.#held.set(client, held);
    else this.#held.delete(client);
    if (job.runsLeft > 0) lane.work.add(priority, job.runsLeft, job.runs, -1);
    if (job.request.openJobs > 0) return;
    if (this.limits.adaptiveConcurrency && job.state === 'done') {
      const sample = { nowUs: this.#clock.nowUs(), waitUs: job.queueUs, inSystem: this.#requests };
      this.#adaptive = nextAdaptiveLimit(this.#adaptive, this.#rules, sample);
    }
    this.#requests--;
  }

  /** Throws FLTS_BYTES_FULL when a body of this length has no room now. Counts nothing in. */
  checkBytes(bytes: number): void {
    const { maxBytesInFlight } = this.limits;
    if (this.#bytes === 0 || this.#bytes + bytes <= maxBytesInFlight) return;
    throw new FltsError(
      'FLTS_BYTES_FULL',
      `The service holds ${this.#bytes} bytes of request bodies, and ${bytes} more would be over its ${maxBytesInFlight}`,
      { details: { reason: 'bytes_full', retryAfterS: 1 } },
    );
  }

  /** Counts in bytes of a body that are here. Throws FLTS_BYTES_FULL, or FLTS_OVER_SHARE; then they are not counted. */
  holdBytes(client: string, bytes: number): void {
    this.checkBytes(bytes);
    const held = this.#heldBytes.get(client) ?? 0;
    const snapshot = {
      held,
      total: this.#bytes,
      clients: this.#heldBytes.size,
      capacity: this.limits.maxBytesInFlight,
    };
    if (this.limits.fairShare && !withinFairShare(snapshot, bytes)) {
      throw new FltsError(
        'FLTS_OVER_SHARE',
        'The service is busy, and the bodies of this client have their share already',
        {
          details: { reason: 'over_share', retryAfterS: 1 },
        },
      );
    }
    this.#bytes += bytes;
    this.#heldBytes.set(client, held + bytes);
  }

  releaseBytes(client: string, bytes: number): void {
    this.#bytes -= bytes;
    const held = (this.#heldBytes.get(client) ?? 0) - bytes;
    if (held > 0) this.#heldBytes.set(client, held);
    else this.#heldBytes.delete(client);
  }
}
