import { FltsError } from '../contract/index.js';
import { nextAdmission } from '../domain/admission/index.js';
import { nextBatch } from '../domain/batching/index.js';
import { advanceWindow } from './advance-window.js';
import { Job, Ticket } from './job.js';
import type { Lane } from './lane.js';
import { type BatchResult, type Clock, type Log, type Metrics, type Slot, WorkerLostError } from './ports.js';
import type { PreparedWindow } from './prepare-window.js';

export interface EngineLimits {
  /** Most rows in one run of the model. */
  readonly maxBatchRows: number;
  /** Most windows that wait for their first dispatch, over all versions. */
  readonly maxQueueLength: number;
  /** Most requests dispatched at once; Infinity: no limit. */
  readonly maxActive: number;
}

/** Weight of the newest batch in the observed rate of rows. */
const RATE_SMOOTHING = 0.1;

/**
 * Drives the scheduling decisions of the domain over time: windows wait in bounded queues, go to a worker in batches
 * as soon as one is free, and come back after each model step. Guarantees: every submitted job is settled exactly once
 * or dropped by its last waiter; a batch holds at most `maxBatchRows` rows of one model version; a batch that lost its
 * worker is tried once more.
 */
export class Engine {
  readonly limits: EngineLimits;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #lanes = new Set<Lane>();
  #active = 0;
  #queued = 0;
  #rowsPerSecond = 0;
  #execUs = 0;
  #draining = false;

  constructor(limits: EngineLimits, clock: Clock, metrics: Metrics, log: Log) {
    this.limits = limits;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Windows that wait for their first dispatch. */
  get queued(): number {
    return this.#queued;
  }

  /** Requests dispatched and not yet ended. */
  get active(): number {
    return this.#active;
  }

  /** Time that workers have spent in the model since the start, µs, summed over the workers. */
  get execUs(): number {
    return this.#execUs;
  }

  /** How long the oldest waiting window has waited, µs. */
  get oldestWaitUs(): number {
    let oldestUs = Number.POSITIVE_INFINITY;
    for (const lane of this.#lanes) {
      const first = lane.fresh.values().next();
      if (first.done !== true) oldestUs = Math.min(oldestUs, first.value.readyAtUs);
    }
    return oldestUs === Number.POSITIVE_INFINITY ? 0 : Math.max(0, this.#clock.nowUs() - oldestUs);
  }

  addLane(lane: Lane): void {
    this.#lanes.add(lane);
    lane.backend.onFree(() => {
      this.#pump(lane);
    });
  }

  removeLane(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  /** From now on nothing is admitted; what was admitted is finished. */
  startDraining(): void {
    this.#draining = true;
  }

  /** Resolves once nothing waits and nothing runs. */
  async idle(): Promise<void> {
    for (const lane of [...this.#lanes]) await lane.idle();
  }

  /**
   * Queues the windows of one request. Throws FLTS_QUEUE_FULL or FLTS_DRAINING, with `retryAfterS` and `reason` in its
   * details; then none of them was queued.
   */
  submit(lane: Lane, windows: readonly PreparedWindow[], horizon: number, deadlineUs: number): Job[] {
    this.admit(windows.length);
    const nowUs = this.#clock.nowUs();
    const ticket = new Ticket(deadlineUs, windows.length);
    const jobs = windows.map((window) => new Job(ticket, lane.spec, window, horizon, nowUs));
    for (const job of jobs) lane.fresh.add(job);
    this.#queued += jobs.length;
    this.#pump(lane);
    return jobs;
  }

  /** Throws as `submit` would for a request of `rows` windows. */
  admit(rows: number): void {
    const decision = nextAdmission(
      {
        queued: this.#queued,
        maxQueued: this.limits.maxQueueLength,
        draining: this.#draining,
        rowsPerSecond: this.#rowsPerSecond,
      },
      rows,
    );
    if (decision.admit) return;
    const details = { reason: decision.reason, retryAfterS: decision.retryAfterS };
    if (decision.reason === 'draining') {
      throw new FltsError('FLTS_DRAINING', 'The service is shutting down', { details });
    }
    throw new FltsError('FLTS_QUEUE_FULL', `The queue is full (${this.#queued} of ${this.limits.maxQueueLength})`, {
      details,
    });
  }

  /** One waiter less for the job; when it was the last, the job leaves the queue, or its result is thrown away. */
  abandon(lane: Lane, job: Job): void {
    job.waiters--;
    if (job.waiters > 0 || !job.isOpen) return;
    this.#leaveQueue(lane, job);
    job.state = 'dropped';
    this.#endJob(job);
    lane.noteProgress();
    this.#pumpAll();
  }

  #leaveQueue(lane: Lane, job: Job): void {
    if (lane.fresh.delete(job)) this.#queued--;
    else lane.continuing.delete(job);
  }

  #endJob(job: Job): void {
    job.request.openJobs--;
    if (job.request.openJobs === 0 && job.request.active) {
      job.request.active = false;
      this.#active--;
    }
  }

  #pumpAll(): void {
    for (const lane of this.#lanes) this.#pump(lane);
  }

  /** Fills free workers with batches until no worker is free or nothing may go. */
  #pump(lane: Lane): void {
    while (lane.fresh.size + lane.continuing.size > 0) {
      const choice = nextBatch(lane.continuing, lane.fresh, {
        maxRows: this.limits.maxBatchRows,
        freeWorkers: lane.backend.freeWorkers,
        newRequests: this.limits.maxActive - this.#active,
      });
      if (choice.continuing + choice.fresh === 0) return;
      const batch = this.#takeBatch(lane, choice.continuing, choice.fresh);
      // All of it had passed its deadline: look again.
      if (batch.length === 0) continue;
      const slot = lane.backend.take();
      if (slot === null) throw new Error('a backend with a free worker gave none');
      this.#dispatch(lane, slot, batch);
    }
  }

  #takeBatch(lane: Lane, continuing: number, fresh: number): Job[] {
    const nowUs = this.#clock.nowUs();
    const batch: Job[] = [];
    const late: Job[] = [];
    const take = (queue: Set<Job>, count: number): void => {
      let left = count;
      for (const job of queue) {
        if (left-- === 0) break;
        this.#leaveQueue(lane, job);
        if (job.request.deadlineUs <= nowUs) late.push(job);
        else batch.push(job);
      }
    };
    take(lane.continuing, continuing);
    take(lane.fresh, fresh);
    for (const job of late)
      this.#fail(job, new FltsError('FLTS_DEADLINE', 'The deadline passed before the answer was ready'));
    for (const job of batch) {
      if (!job.request.active) {
        job.request.active = true;
        this.#active++;
      }
    }
    return batch;
  }

  #dispatch(lane: Lane, slot: Slot, batch: readonly Job[]): void {
    const nowUs = this.#clock.nowUs();
    const rowSize = lane.spec.lookback * lane.spec.features;
    batch.forEach((job, row) => {
      job.state = 'running';
      job.dispatchedAtUs = nowUs;
      job.batchRows = batch.length;
      slot.window.set(job.window, row * rowSize);
    });
    lane.running++;
    this.#metrics.observe('inference_batch_rows', batch.length);
    slot.run(batch.length).then(
      (result) => {
        this.#finishBatch(lane, batch, result);
      },
      (error: unknown) => {
        this.#failBatch(lane, batch, error);
      },
    );
  }

  #finishBatch(lane: Lane, batch: readonly Job[], result: BatchResult): void {
    const nowUs = this.#clock.nowUs();
    const blockSize = lane.spec.steps * lane.spec.targets.length;
    const settled: Job[] = [];
    this.#execUs += result.endUs - result.startUs;
    batch.forEach((job, row) => {
      job.queueUs += result.startUs - job.readyAtUs;
      job.execUs += result.endUs - result.startUs;
      job.lagUs += nowUs - result.endUs;
      if (job.state === 'dropped') return;
      const block = result.forecast.subarray(row * blockSize, (row + 1) * blockSize);
      if (this.#takeStep(lane, job, block, nowUs)) settled.push(job);
    });
    this.#noteRate(batch.length, nowUs - (batch[0]?.dispatchedAtUs ?? nowUs), lane.backend.workers);
    result.release();
    lane.running--;
    // The next batch goes before the answers of this one are formed: the worker should not wait for that.
    this.#pumpAll();
    for (const job of settled) job.settle();
    lane.noteProgress();
  }

  /** Adds one run's output to a job; true when the job is thereby done or failed. */
  #takeStep(lane: Lane, job: Job, block: Float32Array, nowUs: number): boolean {
    const targets = lane.spec.targets.length;
    const steps = Math.min(lane.spec.steps, job.horizon - job.stepsDone);
    const used = block.subarray(0, steps * targets);
    if (!used.every(Number.isFinite)) {
      this.#metrics.count('inference_non_finite_outputs_total');
      const position = used.findIndex((value) => !Number.isFinite(value));
      const target = lane.spec.targets[position % targets] ?? '';
      const step = job.stepsDone + Math.floor(position / targets) + 1;
      job.error = new FltsError(
        'FLTS_NON_FINITE_OUTPUT',
        `The model gave a value for '${target}' at step ${step} that is not finite`,
      );
      job.state = 'failed';
      this.#endJob(job);
      return true;
    }
    job.forecast.set(used, job.stepsDone * targets);
    job.stepsDone += steps;
    if (job.stepsDone === job.horizon) {
      job.state = 'done';
      this.#endJob(job);
      return true;
    }
    job.lastMs = advanceWindow(lane.spec, job.window, job.lastMs, block);
    job.state = 'waiting';
    job.readyAtUs = nowUs;
    lane.continuing.add(job);
    return false;
  }

  #failBatch(lane: Lane, batch: readonly Job[], error: unknown): void {
    const lost = error instanceof WorkerLostError;
    const why = error instanceof Error ? error.message : String(error);
    this.#log.error(lost ? 'worker lost' : 'model run failed', { why, rows: batch.length, runId: lane.spec.runId });
    lane.running--;
    for (const job of batch) {
      if (job.state === 'dropped') continue;
      if (lost && !job.retried) {
        job.retried = true;
        job.state = 'waiting';
        lane.continuing.add(job);
      } else if (lost) {
        this.#fail(
          job,
          new FltsError('FLTS_WORKER_FAILED', 'An inference worker died twice while it held the request'),
        );
      } else {
        this.#fail(job, new FltsError('FLTS_INTERNAL', 'The model could not be run', { cause: error }));
      }
    }
    this.#pumpAll();
    lane.noteProgress();
  }

  /** For a job that is in no queue. */
  #fail(job: Job, error: FltsError): void {
    job.state = 'failed';
    job.error = error;
    this.#endJob(job);
    job.settle();
  }

  #noteRate(rows: number, elapsedUs: number, workers: number): void {
    const rate = (rows * workers * 1e6) / Math.max(1, elapsedUs);
    this.#rowsPerSecond += (this.#rowsPerSecond === 0 ? 1 : RATE_SMOOTHING) * (rate - this.#rowsPerSecond);
  }
}
