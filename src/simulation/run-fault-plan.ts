import { FltsError } from '../contract/index.js';
import {
  emptyTiming,
  Engine,
  ForecastCache,
  Lane,
  PredictionService,
  type PredictReplyText,
  type Visit,
} from '../serving/index.js';
import { type Dice, dice, type FaultPlan } from './fault-plan.js';
import { lineForecast, lineModel, lineWindow, windowIdsOf } from './line-model.js';
import { silentLog, silentMetrics } from './silence.js';
import { SimulatedBackend, type SimulatedRun } from './simulated-backend.js';
import { VirtualClock } from './virtual-clock.js';
import { Witness } from './witness.js';

/** What became of a simulated run. */
export interface SimulationResult {
  readonly seed: number;
  /** Requests sent, retries included. */
  readonly sent: number;
  /** How they ended: `answered`, or an error code. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly batches: number;
  readonly longestWaitUs: number;
  /** The first invariant that did not hold, and where; null when all did. */
  readonly broken: string | null;
}

/** A run that has more events than this hangs. */
const MAX_ACTIONS = 500_000;
const SLOWEST_FACTOR = 100;
const LONGEST_LEAP_US = 3_000_000;
const IMPATIENT_RETRY_US = 200;
const BODY_BYTES = 500;
/** Windows of one request are numbered from here: request · this + position. */
const MAX_WINDOWS = 8;
const PRIORITIES = [0, 1, 1, 2, 3] as const;

interface SimulatedRequest {
  readonly windowIds: readonly number[];
  readonly horizon: number;
  readonly priority: number;
  readonly client: string;
  readonly askedTimeoutMs: number | null;
}

/** Runs the serving code over one plan of load and faults; the same plan always gives the same result. */
export async function runFaultPlan(plan: FaultPlan): Promise<SimulationResult> {
  const run = new FaultRun(plan);
  await run.start();
  return run.finish();
}

class FaultRun {
  readonly #plan: FaultPlan;
  readonly #dice: Dice;
  readonly #clock = new VirtualClock();
  readonly #witness: Witness;
  readonly #service: PredictionService;
  readonly #lanes: Lane[] = [];
  readonly #backends: SimulatedBackend[] = [];
  readonly #outcomes: Record<string, number> = {};
  /** Swaps and drains that have not come to their end. */
  #unfinished = 0;
  #sent = 0;
  #ended = 0;
  #hasLeapt = false;

  constructor(plan: FaultPlan) {
    this.#plan = plan;
    // Not the draws that made the plan.
    this.#dice = dice(plan.seed ^ 0x5bd1e995);
    this.#witness = new Witness(plan.limits, () => this.#clock.nowUs());
    const engine = new Engine(plan.limits, this.#clock, silentMetrics, silentLog);
    const cache = plan.cache
      ? new ForecastCache({ maxBytes: 20_000, ttlMs: 50 }, this.#clock, (bytes) => bytes.join())
      : null;
    this.#service = new PredictionService(engine, cache, this.#clock, silentMetrics, {
      maxSeries: MAX_WINDOWS,
      maxForecastRows: 10_000,
      requestTimeoutMs: plan.requestTimeoutMs,
    });
  }

  async start(): Promise<void> {
    const { requests, gapUs, swaps, leaps, scalings, drainAt } = this.#plan;
    await this.#service.switchTo(this.#newLane());
    let atUs = 0;
    for (let i = 0; i < requests; i++) {
      atUs += -Math.log(1 - this.#dice.next()) * gapUs;
      const request = this.#drawRequest(i);
      this.#clock.schedule(Math.round(atUs), () => {
        this.#send(request, 0);
      });
    }
    const sometime = (count: number, action: () => void): void => {
      for (let i = 0; i < count; i++) this.#clock.schedule(this.#dice.whole(0, Math.round(atUs)), action);
    };
    sometime(swaps, () => {
      this.#follow(this.#service.switchTo(this.#newLane()));
    });
    sometime(scalings, () => {
      this.#backends.at(-1)?.scale(this.#dice.whole(1, 4));
    });
    sometime(leaps, () => {
      this.#hasLeapt = true;
      this.#clock.leap(this.#dice.whole(1000, LONGEST_LEAP_US));
    });
    this.#clock.schedule(Math.round(drainAt * atUs) + 1, () => {
      this.#follow(this.#service.drain());
    });
  }

  async finish(): Promise<SimulationResult> {
    const witness = this.#witness;
    witness.hold(await this.#clock.runOut(MAX_ACTIONS), 'the run does not end');
    witness.hold(this.#ended === this.#sent, `${this.#sent - this.#ended} requests have no answer`);
    witness.hold(this.#unfinished === 0, `${this.#unfinished} swaps or drains do not end`);
    const [, ...kept] = [...this.#backends].reverse();
    witness.hold(
      kept.every((backend) => backend.isClosed),
      'a version that was replaced keeps its workers',
    );
    witness.checkEmpty(this.#service, this.#lanes, this.#clock.pendingTimers);
    const { batches, longestWaitUs, broken } = witness;
    return { seed: this.#plan.seed, sent: this.#sent, outcomes: this.#outcomes, batches, longestWaitUs, broken };
  }

  #newLane(): Lane {
    const { modelSteps, workers, limits } = this.#plan;
    const version = this.#lanes.length + 1;
    const spec = lineModel(version, modelSteps);
    const backend = new SimulatedBackend(spec, this.#clock, {
      workers,
      maxRows: limits.maxBatchRows,
      drift: version,
      restartUs: 5000,
      run: (rows, windows) => this.#runOf(lane, rows, windowIdsOf(windows)),
    });
    const lane: Lane = new Lane(spec, backend);
    this.#backends.push(backend);
    this.#lanes.push(lane);
    return lane;
  }

  /** How one run of the model goes. */
  #runOf(lane: Lane, rows: number, ids: readonly number[]): SimulatedRun {
    const { perRunUs, perRowUs, slow, lost, failed, notFinite } = this.#plan;
    this.#witness.batchBegan(lane, ids);
    this.#witness.checkBounds(this.#service);
    const factor = this.#dice.chance(slow) ? 1 + SLOWEST_FACTOR * this.#dice.next() : 1;
    const end = this.#dice.chance(lost)
      ? 'lost'
      : this.#dice.chance(failed)
        ? 'failed'
        : this.#dice.chance(notFinite)
          ? 'not_finite'
          : 'well';
    const durationUs = Math.round((perRunUs + perRowUs * rows) * factor);
    // Due at the same instant as the backend's own timer, and made before it: the witness knows first.
    this.#clock.schedule(durationUs, () => {
      this.#witness.batchEnded(ids, end);
    });
    return { durationUs, end };
  }

  #drawRequest(index: number): SimulatedRequest {
    const { longest, clients, requestTimeoutMs, cache } = this.#plan;
    const d = this.#dice;
    // With a cache, some ask for what others ask for, too.
    const asks = cache && d.chance(0.5) ? 0 : index;
    const windows = d.chance(0.15) ? d.whole(2, MAX_WINDOWS) : 1;
    return {
      windowIds: Array.from({ length: windows }, (_, i) => asks * MAX_WINDOWS + i),
      horizon: d.chance(0.6) ? 1 : d.whole(1, longest),
      priority: d.pick(PRIORITIES),
      client: `client ${d.whole(1, clients)}`,
      askedTimeoutMs: d.chance(0.5) ? null : d.whole(1, requestTimeoutMs),
    };
  }

  #send(request: SimulatedRequest, attempt: number): void {
    this.#sent++;
    const { lane } = this.#service;
    const wasIdle = lane?.isIdle ?? true;
    const end = (error: unknown): void => {
      this.#fail(error, request, wasIdle, attempt);
    };
    let visit: Visit;
    try {
      visit = this.#service.open({ arrivalUs: this.#clock.nowUs(), bytes: BODY_BYTES, ...request });
    } catch (error) {
      end(error);
      return;
    }
    try {
      // The body is here at once.
      visit.holdBytes(BODY_BYTES);
    } catch (error) {
      visit.close();
      end(error);
      return;
    }
    for (const id of request.windowIds) this.#witness.submitted(id, visit.dueUs);
    const data = request.windowIds.map((id) => lineWindow(id, valueOf(id)));
    const body =
      data.length === 1 ? { data: data[0] } : { series: data.map((one, i) => ({ id: String(i), data: one })) };
    const pending = this.#service.predict({
      body: { ...body, inference_length: request.horizon },
      queryHorizon: undefined,
      visit,
      reqId: '',
      timing: emptyTiming(),
    });
    const stopLeaving = this.#dice.chance(this.#plan.gone)
      ? this.#clock.schedule(this.#dice.whole(0, 2 * this.#plan.perRunUs), () => {
          pending.cancel();
        })
      : () => undefined;
    void pending.reply
      .then((reply) => {
        this.#check(reply, request, visit);
      }, end)
      .finally(() => {
        stopLeaving();
        visit.close();
      });
  }

  #check(reply: PredictReplyText, request: SimulatedRequest, visit: Visit): void {
    this.#note('answered');
    const version = Number.parseInt(reply.runId, 16);
    const { predictions, series } = JSON.parse(reply.text) as {
      predictions?: Record<string, unknown>[];
      series?: { predictions: Record<string, unknown>[] }[];
    };
    const forecasts = predictions === undefined ? (series ?? []).map((one) => one.predictions) : [predictions];
    const isRight = request.windowIds.every((id, i) => {
      const values = lineForecast(forecasts[i] ?? []);
      return (
        values.length === request.horizon && values.every((value, step) => value === valueOf(id) + (step + 1) * version)
      );
    });
    this.#witness.hold(isRight, `windows ${request.windowIds.join()} have wrong answers`);
    // After a leap answer and deadline are due at once.
    this.#witness.hold(this.#hasLeapt || this.#clock.nowUs() <= visit.dueUs, 'an answer came after its deadline');
  }

  #fail(error: unknown, request: SimulatedRequest, wasIdle: boolean, attempt: number): void {
    if (!(error instanceof FltsError)) {
      this.#note('unexpected');
      this.#witness.hold(false, `an unexpected error: ${error instanceof Error ? String(error.stack) : String(error)}`);
      return;
    }
    this.#note(error.code);
    this.#witness.ended(error.code, request.windowIds);
    this.#witness.hold(!wasIdle || error.code !== 'FLTS_PREDICTED_LATE', 'refused as late with nothing to wait for');
    const retryAfterS = error.details?.['retryAfterS'];
    if (typeof retryAfterS !== 'number' || attempt >= this.#plan.retries) return;
    this.#clock.schedule(this.#plan.patient ? retryAfterS * 1e6 : IMPATIENT_RETRY_US, () => {
      this.#send(request, attempt + 1);
    });
  }

  #note(outcome: string): void {
    this.#ended++;
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
  }

  #follow(change: Promise<void>): void {
    this.#unfinished++;
    change.then(
      () => {
        this.#unfinished--;
      },
      (error: unknown) => {
        this.#witness.hold(false, `a change of version or a drain failed: ${String(error)}`);
      },
    );
  }
}

/** A small whole number, exact in float32 after any steps. */
function valueOf(windowId: number): number {
  return (windowId * 7919) % 1000;
}
