import { type ErrorCode, FltsError } from '../contract/index.js';
import { deadlineUs } from '../domain/admission/index.js';
import { type Answer, formAnswer } from './answer.js';
import type { Engine } from './scheduling/engine.js';
import type { ForecastCache } from './forecast-cache.js';
import type { Job } from './scheduling/job.js';
import type { Lane } from './scheduling/lane.js';
import type { ModelSpec } from './model-spec.js';
import { PendingRequest, type RequestTiming } from './scheduling/pending-request.js';
import type { Clock, Metrics } from './ports.js';
import { type PreparedRequest, prepareRequest, type RequestLimits } from './prepare-request.js';
import type { PreparedWindow } from './prepare-window.js';
import { replyText } from './reply-text.js';
import { type RequestHead, Visit } from './scheduling/visit.js';
import { ANY_MODEL, ModelTable, type ModelWish, ServedModel } from './versions/model-table.js';

export interface ServiceLimits extends RequestLimits {
  /** Longest time for one answer, ms. */
  readonly requestTimeoutMs: number;
}

/** A request that was read straight from its bytes, for the version that served then. */
export class ScannedRequest {
  readonly #lane: Lane;
  readonly #request: PreparedRequest;
  readonly #body: Buffer;

  constructor(lane: Lane, request: PreparedRequest, body: Buffer) {
    this.#lane = lane;
    this.#request = request;
    this.#body = body;
  }

  /** The request for `lane`; read again when another version took over meanwhile. */
  for(lane: Lane, limits: RequestLimits): PreparedRequest {
    if (lane === this.#lane) return this.#request;
    return prepareRequest(lane.spec, JSON.parse(this.#body.toString('latin1')), undefined, limits);
  }
}

/** One call of `/predict`, after its body was parsed. */
export interface PredictCall {
  /** What JSON.parse made of it, or what `scan` did. */
  readonly body: unknown;
  /** The query parameter `inference_length`; undefined where there is none. */
  readonly queryHorizon: unknown;
  /** What `open` gave for it; still open. */
  readonly visit: Visit;
  readonly reqId: string;
  /** Filled as the request goes on, whatever its end. */
  readonly timing: RequestTiming;
}

export interface PredictReplyText {
  /** The reply as JSON. */
  readonly text: string;
  readonly cached: boolean;
  readonly runId: string;
}

export interface PendingPrediction {
  /** Rejects with FltsError. */
  readonly reply: Promise<PredictReplyText>;
  /** The client has gone: drops what nobody else waits for. */
  cancel(): void;
}

/** Where each window's answer comes from. */
interface Plan {
  readonly window: PreparedWindow;
  readonly key: string | null;
  answer: Answer | null;
  job: Job | null;
}

const NONE_JOINED: ReadonlySet<Job> = new Set();

/**
 * Answers prediction requests with the model version that serves when they arrive. Which one that is changes at once
 * and for whole requests; the version before finishes what it has.
 */
export class PredictionService {
  readonly engine: Engine;
  readonly cache: ForecastCache | null;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #limits: ServiceLimits;
  /** The models that may be asked for. */
  readonly models: ModelTable;
  #leaving = false;
  #draining = false;
  #firstReadyUs: number | null = null;

  constructor(
    engine: Engine,
    cache: ForecastCache | null,
    clock: Clock,
    metrics: Metrics,
    limits: ServiceLimits,
    models: ModelTable = new ModelTable(new ServedModel(null)),
  ) {
    this.models = models;
    this.engine = engine;
    this.cache = cache;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#limits = limits;
  }

  /** The version that answers who asks for none; null before the first. */
  get lane(): Lane | null {
    return this.models.first.main;
  }

  /** Whether it is on its way out: not ready, and every answer closes its connection. */
  get isDraining(): boolean {
    return this.#leaving || this.#draining;
  }

  get isReady(): boolean {
    return this.lane !== null && !this.isDraining;
  }

  /** When the first version began to serve, on the engine's clock; null before. */
  get firstReadyUs(): number | null {
    return this.#firstReadyUs;
  }

  /**
   * New requests for the model go to `lane` from now on. Returns the version before; it finishes what it has and keeps
   * its workers until `retire`.
   */
  makeMain(lane: Lane, model: ServedModel = this.models.first): Lane | null {
    this.engine.addLane(lane);
    const before = model.setMain(lane);
    if (model === this.models.first) this.#firstReadyUs ??= this.#clock.nowUs();
    this.cache?.clear();
    return before;
  }

  /** `lane` answers who asks for it by its version. */
  addBeside(lane: Lane, model: ServedModel): void {
    this.engine.addLane(lane);
    model.add(lane);
  }

  /** For a version that answers nobody any more: resolves once it has finished and its workers are gone. */
  async retire(lane: Lane): Promise<void> {
    await lane.idle();
    this.engine.removeLane(lane);
    await lane.backend.close();
  }

  /** `makeMain`, and the version before retires. */
  async switchTo(lane: Lane): Promise<void> {
    const before = this.makeMain(lane);
    if (before !== null) await this.retire(before);
  }

  /** Is draining from now on, and still answers: clients and balancers are to notice and go elsewhere. */
  giveNotice(): void {
    this.#leaving = true;
  }

  /** Admits nothing more. Resolves once everything admitted is answered. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.engine.startDraining();
    await this.engine.idle();
  }

  /** Ends the workers. To be called after `drain`; what is still under way is lost. */
  async close(): Promise<void> {
    await Promise.all(this.engine.lanes.map((lane) => lane.backend.close()));
  }

  /**
   * Lets a request in by its head, before its body is read; the answer is to be closed when the request has ended.
   * Refuses, as `predict` would, what is refused whatever the body: throws FLTS_NOT_READY, FLTS_UNKNOWN_MODEL,
   * FLTS_BYTES_FULL, or what `AdmissionGate.check` throws. `turnUs`: how long its body will then wait to be taken up.
   */
  open(head: RequestHead, wish: ModelWish = ANY_MODEL, turnUs = 0): Visit {
    this.engine.poll();
    const lane = this.models.find(wish);
    const dueUs = deadlineUs(head.arrivalUs, head.askedTimeoutMs, this.#limits.requestTimeoutMs);
    const visit = new Visit(this.engine.gate, head, dueUs, wish);
    this.#checkRoom(lane, visit, turnUs);
    return visit;
  }

  /**
   * For a request that had to wait before its body is taken up: refuses, as `open` does, what has no chance any more.
   * `turnUs`: how long its answer will wait to be read.
   */
  reopen(visit: Visit, turnUs: number): void {
    this.engine.poll();
    this.#checkRoom(this.models.find(visit.wish), visit, turnUs);
  }

  #checkRoom(lane: Lane, { priority, client, dueUs }: Visit, waitUs: number): void {
    // A cache may still answer when there is no room for more work.
    if (!this.#draining && this.cache !== null) return;
    this.engine.gate.check(lane, { windows: 1, horizon: 1, priority, client, deadlineUs: dueUs, waitUs });
  }

  /**
   * Reads a body without parsing it, where it has the common shape; null: parse it. Throws FLTS_UNKNOWN_MODEL when
   * the version has left since the request was let in.
   */
  scan(body: Buffer, visit: Visit): ScannedRequest | null {
    const lane = this.models.find(visit.wish);
    const request = lane.scanner.scan(body, this.#limits.maxForecastRows);
    return request === null ? null : new ScannedRequest(lane, request, body);
  }

  predict(call: PredictCall): PendingPrediction {
    const startUs = this.#clock.nowUs();
    try {
      const lane = this.models.find(call.visit.wish);
      const request =
        call.body instanceof ScannedRequest
          ? call.body.for(lane, this.#limits)
          : prepareRequest(lane.spec, call.body, call.queryHorizon, this.#limits);
      return this.#start(lane, request, startUs, call);
    } catch (error) {
      call.timing.prepUs = this.#clock.nowUs() - startUs;
      return { reply: Promise.reject(asError(error)), cancel: () => undefined };
    }
  }

  #start(lane: Lane, request: PreparedRequest, startUs: number, call: PredictCall): PendingPrediction {
    const { dueUs } = call.visit;
    const plans = request.windows.map((window) => this.#plan(lane.spec, window, request));
    const joined = this.#join(plans, dueUs);
    // What follows is waiting: the queue's time begins where preparation ends.
    const preparedUs = this.#clock.nowUs();
    call.timing.prepUs = preparedUs - startUs;
    const toSubmit = plans.filter((plan) => plan.answer === null && plan.job === null);
    if (toSubmit.length > 0 || plans.length === 0) this.#submit(lane, toSubmit, request, call.visit, joined);
    const jobs = plans.flatMap((plan) => plan.job ?? []);
    const cached = jobs.length === 0;
    const form = (): PredictReplyText => {
      const answers = plans.map((plan) => plan.answer ?? this.#form(lane, request, plan));
      const text = replyText(lane.spec, request, answers, call.reqId, cached);
      return { text, cached, runId: lane.spec.runId };
    };
    if (cached) return { reply: Promise.resolve(form()), cancel: () => undefined };
    const { promise: reply, resolve, reject } = withResolvers<PredictReplyText>();
    const end = (error: FltsError | null): void => {
      try {
        if (error === null) {
          lane.tally.noteAnswered(this.#clock.nowUs() - startUs);
          resolve(form());
        } else {
          lane.tally.noteFailed(error.code);
          reject(error);
        }
      } catch (unexpected) {
        reject(asError(unexpected));
      } finally {
        this.#endFlights(plans);
      }
    };
    const { engine } = this;
    const pending = new PendingRequest(engine, this.#clock, lane, jobs, joined, preparedUs, dueUs, call.timing, end);
    return {
      reply,
      cancel: () => {
        pending.cancel();
      },
    };
  }

  #plan(spec: ModelSpec, window: PreparedWindow, request: PreparedRequest): Plan {
    if (this.cache === null) return { window, key: null, answer: null, job: null };
    const key = this.cache.keyOf(spec, window, request.horizon, request.levels);
    const answer = this.cache.get(key) ?? null;
    this.#metrics.count(answer === null ? 'inference_cache_misses_total' : 'inference_cache_hits_total');
    return { window, key, answer, job: null };
  }

  /** Lets windows that are under way already be waited for instead of being run again. */
  #join(plans: readonly Plan[], dueUs: number): ReadonlySet<Job> {
    if (this.cache === null) return NONE_JOINED;
    const joined = new Set<Job>();
    for (const plan of plans) {
      if (plan.answer !== null || plan.key === null) continue;
      const job = this.cache.flight(plan.key);
      if (job === undefined) continue;
      job.waiters++;
      job.deadlineUs = Math.max(job.deadlineUs, dueUs);
      plan.job = job;
      joined.add(job);
    }
    return joined;
  }

  #submit(lane: Lane, plans: readonly Plan[], request: PreparedRequest, visit: Visit, joined: ReadonlySet<Job>): void {
    try {
      const windows = plans.map((plan) => plan.window);
      const { priority, client, dueUs } = visit;
      const asked = { horizon: request.horizon, priority, client, deadlineUs: dueUs };
      this.engine.submit(lane, windows, asked).forEach((job, i) => {
        const plan = plans[i];
        if (plan === undefined) return;
        plan.job = job;
        if (plan.key !== null) this.cache?.startFlight(plan.key, job);
      });
    } catch (error) {
      for (const job of joined) this.engine.abandon(lane, job);
      throw error;
    }
  }

  #form(lane: Lane, request: PreparedRequest, plan: Plan): Answer {
    if (plan.job === null) throw new Error('a window has neither an answer nor a job');
    const { lastMs, naive } = plan.window;
    const answer = formAnswer(lane.spec, plan.job.forecast, lastMs, naive, request.levels);
    // An answer of a version that was replaced meanwhile is not kept.
    if (plan.key !== null && lane.isServing) this.cache?.keep(plan.key, answer);
    return answer;
  }

  #endFlights(plans: readonly Plan[]): void {
    for (const { key, job } of plans) {
      if (key !== null && job !== null && !job.isOpen) this.cache?.endFlight(key, job);
    }
  }
}

function withResolvers<T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
} {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What `inference_jobs_outcome_total` calls the end of a request; `code` null: it was answered. */
export function outcomeOf(code: ErrorCode | null, status: number, cached: boolean): string {
  if (code === null) return cached ? 'cached' : 'success';
  if (code === 'FLTS_DEADLINE') return 'deadline';
  if (code === 'FLTS_CLIENT_GONE') return 'client_gone';
  if (status >= 500) return status === 503 ? 'unavailable' : 'error';
  return 'client_error';
}
