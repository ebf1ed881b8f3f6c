import { seededRandom } from '../domain/arrivals/index.js';
import { runTimeUs, type ServiceCurve } from '../domain/batching/index.js';
import { type ErrorCode, FltsError } from '../contract/index.js';
import { emptyTiming, Engine, type EngineLimits, Lane, PredictionService, type Visit } from '../serving/index.js';
import { lineModel, lineWindow } from './line-model.js';
import { silentLog, silentMetrics } from './silence.js';
import { SimulatedBackend } from './simulated-backend.js';
import { VirtualClock } from './virtual-clock.js';

/** One request of open traffic: it comes whether or not the ones before were answered. */
export interface TrafficArrival {
  readonly atUs: number;
  /** Steps asked for; the simulated model gives one a run. */
  readonly horizon: number;
}

/** How it ended. */
export interface TrafficOutcome {
  readonly horizon: number;
  readonly atUs: number;
  /** From arrival to its answer or refusal, µs. */
  readonly responseUs: number;
  /** Null: it was answered. */
  readonly code: ErrorCode | null;
}

export interface TrafficOptions {
  readonly arrivals: readonly TrafficArrival[];
  readonly curve: ServiceCurve;
  readonly workers: number;
  readonly limits: EngineLimits;
  readonly requestTimeoutMs: number;
}

/** Poisson arrivals at `perSecond` until `untilUs`; a horizon is drawn from `mix` by its shares, which sum to 1. */
export function poissonTraffic(options: {
  readonly perSecond: number;
  readonly untilUs: number;
  readonly mix: readonly { readonly share: number; readonly horizon: number }[];
  readonly seed: number;
}): TrafficArrival[] {
  const next = seededRandom(options.seed);
  const arrivals: TrafficArrival[] = [];
  let atUs = 0;
  for (;;) {
    atUs += (-Math.log(1 - next()) * 1e6) / options.perSecond;
    if (atUs > options.untilUs) return arrivals;
    let left = next();
    const drawn = options.mix.find(({ share }) => (left -= share) < 0) ?? options.mix.at(-1);
    if (drawn === undefined) throw new RangeError('a mix needs a horizon');
    arrivals.push({ atUs: Math.round(atUs), horizon: drawn.horizon });
  }
}

/** Lets the serving code answer the traffic on virtual time; outcomes in order of arrival. */
export async function simulateTraffic(options: TrafficOptions): Promise<TrafficOutcome[]> {
  const clock = new VirtualClock();
  const { curve, limits, workers, requestTimeoutMs } = options;
  const engine = new Engine(limits, clock, silentMetrics, silentLog);
  const bounds = { maxSeries: 1, maxForecastRows: 10_000, requestTimeoutMs };
  const service = new PredictionService(engine, null, clock, silentMetrics, bounds);
  const spec = lineModel(1, 1);
  const backend = new SimulatedBackend(spec, clock, {
    workers,
    maxRows: limits.maxBatchRows,
    drift: 1,
    restartUs: 0,
    run: (rows) => ({ durationUs: runTimeUs(curve, rows), end: 'well' }),
  });
  await service.switchTo(new Lane(spec, backend));
  const outcomes = new Array<TrafficOutcome>(options.arrivals.length);
  options.arrivals.forEach((arrival, i) => {
    clock.schedule(arrival.atUs, () => {
      ask(service, clock, arrival, (code) => {
        outcomes[i] = { ...arrival, responseUs: clock.nowUs() - arrival.atUs, code };
      });
    });
  });
  await clock.runOut(Number.POSITIVE_INFINITY);
  return outcomes;
}

const DATA = lineWindow(0, 0);

function ask(
  service: PredictionService,
  clock: VirtualClock,
  { horizon }: TrafficArrival,
  end: (code: ErrorCode | null) => void,
): void {
  const fail = (error: unknown): void => {
    if (!(error instanceof FltsError)) throw error;
    end(error.code);
  };
  let visit: Visit;
  try {
    const head = { arrivalUs: clock.nowUs(), askedTimeoutMs: null, priority: 1, client: '', bytes: 0 };
    visit = service.open(head);
  } catch (error) {
    fail(error);
    return;
  }
  const body = { data: DATA, inference_length: horizon };
  const { reply } = service.predict({ body, queryHorizon: undefined, visit, reqId: '', timing: emptyTiming() });
  void reply
    .then(() => {
      end(null);
    }, fail)
    .finally(() => {
      visit.close();
    });
}
