import { type ClosedSystem, closedThroughput, type Station } from './closed-network.js';
import type { Effect, PhaseObservation, Prediction } from './observation.js';

/** Two runs of one system differ by this much, beside what the number of their answers explains. */
const RUN_TO_RUN = 0.05;
/** From so many rows on, on average, batches are formed; and from such a difference on their cost can be told. */
const BATCHED_ROWS = 1.02;
const ROWS_APART = 0.25;
/** How far the model may be off before its error widens the interval no further. */
const CALIBRATION_MAX = 2;

export const STATIONS = ['limit', 'cpu', 'loop', 'workers', 'generator'] as const;
export type StationName = (typeof STATIONS)[number];

/** A phase as a system of stations, for what its figures carry. */
export interface SystemModel {
  readonly phase: PhaseObservation;
  readonly meanMs: number;
  readonly throughputPerS: number;
  /** Response time without waiting for others. */
  readonly aloneMs: number;
  readonly stations: Readonly<Partial<Record<StationName, Station>>>;
  /** Share of a row's time in the model that remains at least, however full batches become; 1 = none are formed. */
  readonly rowShareLeast: number;
}

/** What a remedy makes of the system; what is not named stays. */
export interface SystemChange {
  readonly aloneMs?: number;
  readonly stations?: Readonly<Partial<Record<StationName, Station>>>;
}

/** Parts in which nobody waits for another request. */
export function workMs({ parts }: PhaseObservation): number | null {
  if (parts === null || parts.unsplit > 0) return null;
  return parts.parse + parts.prep + parts.exec + parts.post;
}

/** A batch of n rows takes a + b·n: b is what remains of a row's time; 0 where the two loads cannot tell. */
function rowShareLeast(phase: PhaseObservation, low: PhaseObservation): number {
  const rows = phase.server.batchRowsMean ?? 1;
  if (!(rows >= BATCHED_ROWS)) return 1;
  const lowRows = low.server.batchRowsMean;
  const ms = phase.parts?.exec ?? phase.server.execMsMean;
  const lowMs = low.parts?.exec ?? low.server.execMsMean;
  if (lowRows === null || ms === null || lowMs === null || !(ms > 0) || rows - lowRows < ROWS_APART) return 0;
  return Math.min(1, Math.max(0, (((ms - lowMs) / (rows - lowRows)) * rows) / ms));
}

/** Null where throughput or response time is missing. `low`: the phase of the least load. */
export function systemModel(phase: PhaseObservation, low: PhaseObservation): SystemModel | null {
  const { server, throughputPerS, meanMs } = phase;
  if (throughputPerS === null || meanMs === null || !(throughputPerS > 0) || !(meanMs > 0)) return null;
  const replicas = server.replicas ?? 1;
  const perRequestMs = (inUse: number | null): number | null =>
    inUse === null ? null : (inUse * replicas * 1000) / throughputPerS;
  const station = (demandMs: number | null, servers: number | null, queues = 1): Station | undefined =>
    demandMs === null || servers === null || !Number.isFinite(servers) || !(servers > 0)
      ? undefined
      : { demandMs, servers: servers * replicas, queues: queues * replicas };
  const processes = server.processes ?? 1;
  const loopMs = server.loopBusyShare === null ? null : server.loopBusyShare * processes;
  const found: Record<StationName, Station | undefined> = {
    limit: station(perRequestMs(server.activeMean), server.limit),
    cpu: station(perRequestMs(server.cpuCoresMean), server.cpuLimitCores),
    loop: station(perRequestMs(loopMs), processes, processes),
    workers: station(perRequestMs(server.workersBusyMean), server.workers),
    generator:
      phase.generatorBusyShare === null || phase.generators === null || phase.generators === 0
        ? undefined
        : {
            demandMs: (phase.generatorBusyShare * phase.generators * 1000) / throughputPerS,
            servers: phase.generators,
            queues: phase.generators,
          },
  };
  const alone = [meanMs, low.meanMs ?? meanMs];
  const work = workMs(phase);
  if (phase === low && work !== null && phase.parts !== null) alone.push(work + phase.parts['client+network']);
  return {
    phase,
    meanMs,
    throughputPerS,
    aloneMs: Math.min(...alone.filter((ms) => ms > 0)),
    stations: Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
    rowShareLeast: rowShareLeast(phase, low),
  };
}

function closed(model: SystemModel, users: number, change: SystemChange): ClosedSystem {
  return {
    users,
    thinkMs: model.phase.thinkMs,
    aloneMs: Math.max(0.001, change.aloneMs ?? model.aloneMs),
    stations: Object.values({ ...model.stations, ...change.stations }),
  };
}

/** Relative uncertainty of comparing two runs of n answers each, 95 %: of their numbers, and of running again. */
function noiseOf(phase: PhaseObservation): number {
  return Math.sqrt(RUN_TO_RUN ** 2 + 8 / Math.max(4, phase.succeeded));
}

/** The change at its very best: more throughput may fill batches, so that a row takes less of what it shares. */
function withFullBatches(model: SystemModel, change: SystemChange): SystemChange {
  const { workers, cpu, limit } = model.stations;
  if (workers === undefined || model.rowShareLeast === 1) return change;
  const savedMs = workers.demandMs * (1 - model.rowShareLeast);
  const less = (name: StationName, station: Station | undefined) =>
    station === undefined ? {} : { [name]: { ...station, demandMs: Math.max(0, station.demandMs - savedMs) } };
  return {
    ...change,
    stations: { ...less('workers', workers), ...less('cpu', cpu), ...less('limit', limit), ...change.stations },
  };
}

function closedEffects(model: SystemModel, users: number, best: SystemChange, worst: SystemChange): Effect[] {
  const { throughputPerS, meanMs, phase } = model;
  const base = closedThroughput(closed(model, users, {})).expected;
  // Where the model misses what was measured, what it says of the change may be missed as far.
  const miss = Math.min(CALIBRATION_MAX, Math.max(1 / CALIBRATION_MAX, base > 0 ? throughputPerS / base : 1));
  const good = closedThroughput(closed(model, users, best));
  const bad = closedThroughput(closed(model, users, worst));
  const noise = noiseOf(phase);
  const floor = throughputPerS * (1 - noise);
  const lower = Math.max(floor, bad.lower * Math.min(1, miss) * (1 - noise));
  const most = closedThroughput(closed(model, users, withFullBatches(model, best))).upper;
  const upper = Math.max(throughputPerS, most * Math.max(1, Math.min(miss, 1.1))) * (1 + noise);
  const expected = Math.min(upper, Math.max(lower, ((good.expected + bad.expected) / 2) * miss));
  const response = (perS: number): number => Math.max(0, (users / perS) * 1000 - phase.thinkMs);
  // Users × 1000 / throughput is the measured cycle; the mean itself may differ a little at the edges of the phase.
  const scale = response(throughputPerS) > 0 ? meanMs / response(throughputPerS) : 1;
  const ms = (perS: number): number => response(perS) * scale;
  return [
    { figure: 'throughput_per_s', before: throughputPerS, expected, lower, upper },
    { figure: 'mean_ms', before: meanMs, expected: ms(expected), lower: ms(upper), upper: ms(lower) },
  ];
}

/** Open arrivals: throughput is what arrives; the response time goes down by what the change takes away. */
function openEffects(model: SystemModel, best: SystemChange, worst: SystemChange): Effect[] {
  const { meanMs, aloneMs, phase } = model;
  const relief = (change: SystemChange): number => {
    const waiting = Math.max(0, meanMs - aloneMs);
    const before = busiest(model.stations);
    const after = busiest({ ...model.stations, ...change.stations });
    // Waiting in front of a station grows as ρ/(1 − ρ).
    const wait = (load: number): number => Math.min(0.98, load) / (1 - Math.min(0.98, load));
    const left = wait(before) > 0 ? Math.min(1, wait(after) / wait(before)) : 1;
    return aloneMs - (change.aloneMs ?? aloneMs) + waiting * (1 - left);
  };
  const busiest = (stations: SystemModel['stations']): number =>
    Math.max(
      0,
      ...Object.values(stations).map(({ demandMs, servers }) => (demandMs * model.throughputPerS) / 1000 / servers),
    );
  const noise = noiseOf(phase);
  const gains = [relief(best), relief(worst)];
  const low = Math.max(0, meanMs - Math.max(...gains));
  const high = Math.max(low, meanMs - Math.min(...gains));
  return [
    {
      figure: 'mean_ms',
      before: meanMs,
      expected: (low + high) / 2,
      lower: low * (1 - 2 * noise),
      upper: high * (1 + 2 * noise),
    },
  ];
}

/** A prediction from the best and the worst that the change may make of the system. */
export function predict(
  model: SystemModel,
  head: Omit<Prediction, 'phase' | 'effects' | 'noEffect'>,
  best: SystemChange,
  worst: SystemChange = best,
): Prediction {
  const { phase } = model;
  const effects =
    phase.users === null ? openEffects(model, best, worst) : closedEffects(model, phase.users, best, worst);
  return { ...head, phase: phase.name, effects, noEffect: false };
}

/** The prediction for a change of something that nothing waits for. */
export function predictNothing(
  model: SystemModel,
  head: Omit<Prediction, 'phase' | 'effects' | 'noEffect'>,
): Prediction {
  const { phase, throughputPerS, meanMs } = model;
  const noise = noiseOf(phase);
  const same = (figure: Effect['figure'], before: number): Effect => ({
    figure,
    before,
    expected: before,
    lower: before * (1 - noise),
    upper: before * (1 + noise),
  });
  return {
    ...head,
    phase: phase.name,
    effects: [same('throughput_per_s', throughputPerS), same('mean_ms', meanMs)],
    noEffect: true,
  };
}
