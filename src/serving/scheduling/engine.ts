import { FltsError } from '../../contract/index.js';
import { nextBatch } from '../../domain/batching/index.js';
import { type BatchResult, type Clock, type Log, type Metrics, WorkerLostError } from '../ports.js';
import type { PreparedWindow } from '../prepare-window.js';
import { AdmissionGate, type AdmissionLimits } from './admission-gate.js';
import { type Job, Ticket } from './job.js';
import type { Lane } from './lane.js';

export interface EngineLimits extends AdmissionLimits {
  /** Most requests dispatched at once; Infinity: no limit. */
  readonly maxActive: number;
  /** How long a batch may wait to become full, µs; 0: never. */
  readonly maxQueueDelayUs: number;
}

/** What a request asks of the engine, besides its windows. */
export interface AskedForecast {
  readonly horizon: number;
  /** 0..3, 0 first. */
  readonly priority: number;
  readonly client: string;
  readonly deadlineUs: number;
}

/** With thousands of connections a turn of the event loop may take 100 ms, a run of the model a few. */
const LONG_TURN_US = 1000;

/**
 * Drives the scheduling decisions of the domain over time: windows wait in bounded queues, go to a worker in batches
 * as soon as one is free, and come back after each run of the model. Guarantees: every submitted job is settled exactly
 * once or dropped by its last waiter; a batch holds at most `maxBatchRows` rows of one model version; none that is past
 * its deadline is dispatched; a batch that lost its worker is tried once more.
 */
export class Engine {
  readonly limits: EngineLimits;
  readonly gate: AdmissionGate;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #lanes = new Set<Lane>();
  #active = 0;
  #execUs = 0;

  constructor(limits: EngineLimits, clock: Clock, metrics: Metrics, log: Log) {
    this.limits = limits;
    this.gate = new AdmissionGate(limits, clock);
    this.#clock = clock;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Windows that wait for their first dispatch. */
  get queued(): number {
    return this.gate.queued;
  }

  /** Requests dispatched and not yet ended. */
  get active(): number {
    return this.#active;
  }

  /** Time that workers have spent in the model since the start, µs, summed over the workers. */
  get execUs(): number {
    return this.#execUs;
  }

  /** How long the oldest window of a request that was not dispatched yet has waited, µs. */
  get oldestWaitUs(): number {
    const oldestUs = Math.min(...[...this.#lanes].map((lane) => lane.fresh.oldestReadyAtUs));
    return Number.isFinite(oldestUs) ? Math.max(0, this.#clock.nowUs() - oldestUs) : 0;
  }

  /** Every version that has workers, also those that answer nobody any more. */
  get lanes(): readonly Lane[] {
    return [...this.#lanes];
  }

  /** Inference threads of the versions that serve. */
  get workers(): number {
    return this.#sumOverServing(({ backend }) => backend.workers);
  }

  /** Those of them that wait for a batch. */
  get freeWorkers(): number {
    return this.#sumOverServing(({ backend }) => backend.freeWorkers);
  }

  #sumOverServing(count: (lane: Lane) => number): number {
    let sum = 0;
    for (const lane of this.#lanes) if (lane.isServing) sum += count(lane);
    return sum;
  }

  /** Takes in what workers have finished since this turn of the event loop began; to be called for every request. */
  poll(): void {
    for (const lane of this.#lanes) if (lane.running > 0) lane.backend.poll();
  }

  addLane(lane: Lane): void {
    this.#lanes.add(lane);
    lane.backend.onFree(() => {
      this.#pumpSoon(lane);
    });
  }

  removeLane(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  /** From now on nothing is admitted; what was admitted is finished. */
  startDraining(): void {
    this.gate.startDraining();
  }

  /** Resolves once nothing waits and nothing runs. */
  async idle(): Promise<void> {
    for (const lane of [...this.#lanes]) await lane.idle();
  }

  /** Queues the windows of one request. Throws as `AdmissionGate.check` does; then none of them was queued. */
  submit(lane: Lane, windows: readonly PreparedWindow[], asked: AskedForecast): readonly Job[] {
    this.gate.check(lane, { ...asked, windows: windows.length, waitUs: 0 });
    const ticket = new Ticket(lane.spec, windows, asked, this.#clock.nowUs());
    this.gate.enter(lane, ticket);
    for (const job of ticket.jobs) lane.fresh.add(job);
    this.#pumpSoon(lane);
    return ticket.jobs;
  }

  /** One waiter less for the job; when it was the last, the job leaves the queue, or its result is thrown away. */
  abandon(lane: Lane, job: Job): void {
    job.waiters--;
    if (job.waiters > 0 || !job.isOpen) return;
    this.#unqueue(lane, job);
    job.state = 'dropped';
    this.#endJob(lane, job);
    lane.noteProgress();
    this.#pumpAllSoon();
  }

  #unqueue(lane: Lane, job: Job): void {
    if (!lane.fresh.delete(job) && !lane.continuing.delete(job)) return;
    if (job.batchRows === 0) this.gate.leaveQueue();
  }

  #endJob(lane: Lane, job: Job): void {
    const { request } = job;
    request.openJobs--;
    this.gate.leave(lane, job);
    if (request.openJobs > 0 || !request.active) return;
    request.active = false;
    this.#active--;
  }

  #pumpAllSoon(): void {
    for (const lane of this.#lanes) this.#pumpSoon(lane);
  }

  /**
   * Forms batches at the end of this turn of the event loop, so that all requests that arrived in it go together: a
   * batch costs a hand-over to the worker and back, whatever its rows. A full batch goes at once, and so does what
   * fills the queue: nobody is refused for want of a place while a worker is free. In a turn that is long nothing
   * waits for its end.
   */
  #pumpSoon(lane: Lane): void {
    const { maxBatchRows, maxQueueLength } = this.limits;
    if (lane.fresh.size + lane.continuing.size >= maxBatchRows || this.gate.queued >= maxQueueLength) {
      this.#pump(lane);
    } else if (lane.pumpDueSinceUs === null) {
      lane.pumpDueSinceUs = this.#clock.nowUs();
      this.#clock.afterTurn(() => {
        lane.pumpDueSinceUs = null;
        this.#pump(lane);
      });
    } else if (lane.backend.freeWorkers > 0 && this.#clock.nowUs() - lane.pumpDueSinceUs > LONG_TURN_US) {
      this.#pump(lane);
    }
  }

  /** Fills free workers with batches until no worker is free or nothing may go. */
  #pump(lane: Lane): void {
    lane.stopHolding?.();
    lane.stopHolding = null;
    while (lane.fresh.size + lane.continuing.size > 0) {
      const nowUs = this.#clock.nowUs();
      const choice = nextBatch(lane.continuing, lane.fresh, {
        nowUs,
        maxRows: this.limits.maxBatchRows,
        freeWorkers: lane.backend.freeWorkers,
        newRequests: this.limits.maxActive - this.#active,
        maxDelayUs: this.limits.maxQueueDelayUs,
      });
      if (choice.lookAgainAtUs !== null) {
        // The worker is kept waiting on purpose.
        lane.freedAtUs = null;
        lane.stopHolding = this.#clock.schedule(choice.lookAgainAtUs - nowUs, () => {
          this.#pump(lane);
        });
      }
      if (choice.continuing.length + choice.fresh.length === 0) return;
      const chosen = [...choice.continuing, ...choice.fresh];
      for (const job of chosen) this.#unqueue(lane, job);
      const isLate = (job: Job): boolean => job.deadlineUs <= nowUs;
      this.#dispatch(
        lane,
        chosen.filter((job) => !isLate(job)),
      );
      this.#failLate(lane, chosen.filter(isLate));
    }
  }

  /** After the batch has gone: who is told of a failure may give up other jobs, and so come back to `#pump`. */
  #failLate(lane: Lane, late: readonly Job[]): void {
    for (const job of late) {
      if (job.state !== 'waiting') continue;
      this.#fail(lane, job, new FltsError('FLTS_DEADLINE', 'The deadline passed before the answer was ready'));
    }
    lane.noteProgress();
  }

  /** The request's other windows are under way now, too: no limit holds them back any more. */
  #activate(lane: Lane, request: Ticket): void {
    request.active = true;
    this.#active++;
    if (request.openJobs === 1) return;
    for (const job of request.jobs) {
      if (lane.fresh.delete(job)) lane.continuing.add(job);
    }
  }

  #dispatch(lane: Lane, batch: readonly Job[]): void {
    // All of the chosen had passed their deadline.
    if (batch.length === 0) return;
    const slot = lane.backend.take();
    if (slot === null) throw new Error('a backend with a free worker gave none');
    const nowUs = this.#clock.nowUs();
    const rowSize = lane.spec.lookback * lane.spec.features;
    batch.forEach((job, row) => {
      if (!job.request.active) this.#activate(lane, job.request);
      job.state = 'running';
      job.dispatchedAtUs = nowUs;
      job.batchRows = batch.length;
      slot.window.set(job.window, row * rowSize);
    });
    lane.running++;
    // What passes between a run and the next while work is there belongs to the time that runs take.
    const sinceUs = lane.freedAtUs ?? nowUs;
    lane.freedAtUs = null;
    this.#metrics.observe('inference_batch_rows', batch.length);
    slot.run(batch.length).then(
      (result) => {
        this.#finishBatch(lane, batch, sinceUs, result);
      },
      (error: unknown) => {
        this.#failBatch(lane, batch, error);
      },
    );
  }

  #finishBatch(lane: Lane, batch: readonly Job[], sinceUs: number, result: BatchResult): void {
    const nowUs = this.#clock.nowUs();
    const blockSize = lane.spec.steps * lane.spec.targets.length;
    const settled: Job[] = [];
    this.#execUs += result.endUs - result.startUs;
    lane.curveFit.note(batch.length, nowUs - sinceUs);
    batch.forEach((job, row) => {
      job.queueUs += result.startUs - job.readyAtUs;
      job.execUs += result.endUs - result.startUs;
      job.lagUs += nowUs - result.endUs;
      if (job.state === 'dropped') return;
      const block = result.forecast.subarray(row * blockSize, (row + 1) * blockSize);
      if (this.#takeRun(lane, job, block, nowUs)) settled.push(job);
    });
    // Where the end was noticed before this is told, the worker may have its next batch already.
    const isWaiting = lane.running <= lane.backend.workers && lane.fresh.size + lane.continuing.size > 0;
    lane.freedAtUs = isWaiting ? nowUs : null;
    result.release();
    lane.running--;
    // A full batch goes before the answers of this one are formed: the worker should not wait for that.
    this.#pumpAllSoon();
    for (const job of settled) job.settle();
    lane.noteProgress();
  }

  /** Adds one run's output to a job; true when the job is thereby done or failed. */
  #takeRun(lane: Lane, job: Job, block: Float32Array, nowUs: number): boolean {
    const bad = job.takeRun(block);
    if (bad !== null) {
      this.#metrics.count('inference_non_finite_outputs_total');
      job.error = new FltsError(
        'FLTS_NON_FINITE_OUTPUT',
        `The model gave a value for '${bad.target}' at step ${bad.step} that is not finite`,
      );
      job.state = 'failed';
      this.#endJob(lane, job);
      return true;
    }
    lane.work.advance(job.priority, job.runsLeft + 1, job.runs);
    if (job.runsLeft === 0) {
      job.state = 'done';
      this.#endJob(lane, job);
      return true;
    }
    job.state = 'waiting';
    job.readyAtUs = nowUs;
    lane.continuing.add(job);
    return false;
  }

  #failBatch(lane: Lane, batch: readonly Job[], error: unknown): void {
    const lost = error instanceof WorkerLostError;
    const why = error instanceof Error ? error.message : String(error);
    this.#log.error(lost ? 'worker lost' : 'model run failed', { why, rows: batch.length, runId: lane.spec.runId });
    const open = batch.filter((job) => job.state !== 'dropped');
    const hopeless = open.filter((job) => !lost || job.retried);
    for (const job of open) {
      if (hopeless.includes(job)) continue;
      job.retried = true;
      job.state = 'waiting';
      lane.continuing.add(job);
    }
    // Only now: who is told of a failure may look whether the lane is idle, and it is not while jobs come back to it.
    lane.running--;
    for (const job of hopeless) {
      if (job.state === 'running') this.#fail(lane, job, lost ? diedTwice() : cannotRun(error));
    }
    this.#pumpAllSoon();
    lane.noteProgress();
  }

  /** For a job that is in no queue. */
  #fail(lane: Lane, job: Job, error: FltsError): void {
    job.state = 'failed';
    job.error = error;
    this.#endJob(lane, job);
    job.settle();
  }
}

function diedTwice(): FltsError {
  return new FltsError('FLTS_WORKER_FAILED', 'An inference worker died twice while it held the request');
}

function cannotRun(cause: unknown): FltsError {
  return new FltsError('FLTS_INTERNAL', 'The model could not be run', { cause });
}
