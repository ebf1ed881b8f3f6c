import { PERCENTILES, type PercentileName, type RunPercentile, type RunPhase } from '../../contract/index.js';
import { profileLengthUs, rateAt, type LoadPlan, seededRandom } from '../../domain/arrivals/index.js';
import {
  BATCH_OBSERVATIONS,
  blockIntervals,
  effectiveN,
  errorBudget,
  failureRateBound,
  lagUnsupported,
  percentileFigure,
  type PhaseEvidence,
  smallestSupportedN,
  spikeRecovery,
  steadinessOf,
  theilSen,
  thinned,
} from '../../domain/stats/index.js';
import type { GeneratorResult } from '../generator/generator-pool.js';
import type { LatencyHistogram } from './histogram.js';
import type { PhaseRecorder } from './phase-recorder.js';

const S_PER_HOUR = 3600;
const SLOPE_POINTS_MAX = 400;
const SLOPE_POINTS_MIN = 10;

/** What else is known of a phase when its figures are taken. */
export interface PhaseContext {
  readonly generators: readonly GeneratorResult[];
  readonly seed: number;
  /** Success that the phase's requirements ask for (0..1); null without. */
  readonly objective: number | null;
  /** Resident memory of the server over the phase: s on the run's clock, bytes. */
  readonly rss: readonly (readonly [atS: number, bytes: number])[];
  /** Phases of the run that must be steady: their drifts are judged together. */
  readonly steadyPhases: number;
}

function atShare(histogram: LatencyHistogram, p: number): number {
  return histogram.msAtRank(Math.max(1, Math.ceil(histogram.count * p)));
}

/** How the phase was loaded, in the words of run.json. */
function loadFigures(plan: LoadPlan): Partial<RunPhase> {
  if (plan.mode === 'closed') {
    const [first] = plan.levels;
    return {
      users: plan.users,
      ...(first === undefined || first.users === plan.users ? {} : { from_users: first.users }),
      think_s: plan.thinkUs / 1e6,
      ...(Number.isFinite(plan.requestsPerUser) ? { requests_per_user: plan.requestsPerUser } : {}),
    };
  }
  const from = plan.profile[0]?.fromPerS ?? 0;
  const rate = Math.max(...plan.profile.flatMap(({ fromPerS, toPerS }) => [fromPerS, toPerS]));
  return { rate, ...(from === rate ? {} : { from_rate: from }), arrivals: plan.process };
}

function openAccount(generators: readonly GeneratorResult[]): RunPhase['open'] {
  const accounts = generators.flatMap(({ open }) => (open === null ? [] : [open]));
  if (accounts.length === 0) return undefined;
  const sum = (key: 'due' | 'started' | 'dropped'): number =>
    accounts.reduce((total, account) => total + account[key], 0);
  const due = sum('due');
  return {
    due,
    started: sum('started'),
    dropped: sum('dropped'),
    achieved_share: due === 0 ? 1 : sum('started') / due,
  };
}

function percentilesOf(recorder: PhaseRecorder): Record<string, RunPercentile> {
  const { ok, prompt } = recorder.total;
  if (ok.count === 0) return {};
  const entries: Record<string, RunPercentile> = {};
  for (const [name, p] of Object.entries(PERCENTILES)) {
    const { value, lower, upper } = percentileFigure(ok.count, p, (rank) => ok.msAtRank(rank));
    const withoutLag = percentileFigure(ok.count, p, (rank) => prompt.msAtRank(rank)).value;
    entries[name] = {
      value_ms: value,
      lower_ms: lower,
      upper_ms: upper,
      supported: !lagUnsupported(value, withoutLag),
    };
  }
  return entries;
}

function warningsOf(recorder: PhaseRecorder, percentiles: Readonly<Record<string, RunPercentile>>): string[] {
  const n = recorder.response.count;
  const few = Object.entries(PERCENTILES).filter(
    ([name, p]) => p >= 0.95 && p < 0.999 && percentiles[name]?.upper_ms === null,
  );
  const warnings = few.map(
    ([name, p]) =>
      `${name} is "at least the maximum": ${n} answers, ${smallestSupportedN(p)} are needed for an upper bound.`,
  );
  const lagging = Object.entries(percentiles).flatMap(([name, entry]) => (entry.supported ? [] : [name]));
  if (lagging.length > 0) {
    warnings.push(
      `unsupported, because the generator's own lag moves them by over 10 % and 2 ms: ${lagging.join(', ')}.`,
    );
  }
  return warnings;
}

/** Only sustained and soak phases must be steady; ramps and spikes never are, and a cut phase proves nothing. */
export function mustBeSteady({ series, phase, wasCut }: PhaseRecorder): boolean {
  return series !== null && !wasCut && (phase.kind === 'sustained' || phase.kind === 'soak');
}

function steadinessFigures(
  recorder: PhaseRecorder,
  seed: number,
  steadyPhases: number,
): NonNullable<RunPhase['steadiness']> | null {
  const { series, phase } = recorder;
  if (series === null || !mustBeSteady(recorder)) return null;
  const { responseMs, inFlight } = series.batches(BATCH_OBSERVATIONS);
  const load = phase.plan.mode === 'open' ? inFlight : responseMs;
  const { outcome, reason, batches, cutShare, drift } = steadinessOf(
    responseMs,
    load,
    seededRandom(seed),
    steadyPhases,
  );
  return { outcome, reason, batches, cut_share: cutShare, drift };
}

function blockFigures(recorder: PhaseRecorder, seed: number): Partial<RunPhase> {
  const { series } = recorder;
  if (series === null || recorder.response.count === 0) return {};
  const { blocks, msAt } = series.blockCounts();
  const found = blockIntervals(blocks, Object.values(PERCENTILES), seededRandom(seed));
  const names = Object.keys(PERCENTILES);
  return {
    effective_n: effectiveN(series.blockSums()),
    ...(found === null
      ? {}
      : {
          block_intervals: Object.fromEntries(
            found.map(({ lower, upper }, i) => [
              names[i] ?? '',
              { lower_ms: msAt(lower), upper_ms: msAt(upper), blocks: blocks.length },
            ]),
          ),
        }),
  };
}

function perHour(points: readonly (readonly [atS: number, value: number])[]) {
  if (points.length < SLOPE_POINTS_MIN) return undefined;
  const some = thinned(points, SLOPE_POINTS_MAX);
  const figure = theilSen(
    some.map(([atS]) => atS / S_PER_HOUR),
    some.map(([, value]) => value),
  );
  if (figure === null) return undefined;
  return { per_hour: { value: figure.slope, lower: figure.lower, upper: figure.upper }, points: some.length };
}

function slopesOf(recorder: PhaseRecorder, rss: PhaseContext['rss']): RunPhase['slopes'] {
  const { series, phase } = recorder;
  if (series === null || (phase.kind !== 'sustained' && phase.kind !== 'soak')) return undefined;
  const { points } = series.p95();
  const p95 = perHour(points.flatMap(({ fromS, p95Ms }) => (p95Ms === null ? [] : [[fromS, p95Ms] as const])));
  const memory = perHour(rss);
  return {
    ...(p95 === undefined ? {} : { p95_ms: p95 }),
    ...(memory === undefined ? {} : { rss_bytes: memory }),
  };
}

/** When the load of a spike is high, s after the start of the phase; null where the plan has no such stretch. */
function spikeWindow(plan: LoadPlan): { fromS: number; toS: number } | null {
  if (plan.mode === 'closed') {
    const [, high, low] = plan.levels;
    return high === undefined || low === undefined ? null : { fromS: high.afterUs / 1e6, toS: low.afterUs / 1e6 };
  }
  const [before, high] = plan.profile;
  if (before === undefined || high === undefined || rateAt(plan.profile, before.lengthUs) <= before.toPerS) return null;
  return { fromS: before.lengthUs / 1e6, toS: profileLengthUs([before, high]) / 1e6 };
}

function recoveryOf(recorder: PhaseRecorder): NonNullable<RunPhase['recovery']> | null {
  const window = recorder.phase.kind === 'spike' ? spikeWindow(recorder.phase.plan) : null;
  if (window === null || recorder.series === null || recorder.wasCut) return null;
  const { points, stretchS } = recorder.series.p95();
  const { beforeMs, duringMs, afterMs, recoveredS, note } = spikeRecovery(points, stretchS, window);
  return { before_ms: beforeMs, during_ms: duringMs, after_ms: afterMs, recovered_s: recoveredS, note };
}

function failedMs({ failed }: PhaseRecorder['total']): NonNullable<RunPhase['failed_ms']> | null {
  return failed.count === 0 ? null : { p50: atShare(failed, 0.5), max: failed.maxMs ?? 0 };
}

function lagMs({ lag }: PhaseRecorder['total']): NonNullable<RunPhase['lag_ms']> | null {
  return lag.count === 0 ? null : { p50: atShare(lag, 0.5), p99: atShare(lag, 0.99), max: lag.maxMs ?? 0 };
}

/** Response times of right answers. */
function latencyFigures(recorder: PhaseRecorder, percentiles: Readonly<Record<string, RunPercentile>>) {
  const value = (p: PercentileName): number | null => percentiles[p]?.value_ms ?? null;
  const { response } = recorder;
  return {
    min_ms: response.minMs,
    mean_ms: response.meanMs,
    p50_ms: value('p50'),
    p90_ms: value('p90'),
    p95_ms: value('p95'),
    p99_ms: value('p99'),
    'p99.9_ms': value('p99.9'),
    max_ms: response.maxMs,
    percentiles,
  };
}

function countFigures(recorder: PhaseRecorder): Partial<RunPhase> {
  const { connectionWaitUs, bytesOut, bytesIn, ...tally } = recorder.tally.state();
  const n = recorder.requests;
  return {
    connection_wait_ms_mean: n === 0 ? null : connectionWaitUs / n / 1000,
    statuses: tally.statuses,
    failures: tally.failures,
    failure_examples: tally.examples,
    bytes_out: bytesOut,
    bytes_in: bytesIn,
    server_timing_ms_mean: Object.fromEntries(
      Object.entries(tally.timing).map(([part, [sum, count]]) => [part, sum / count]),
    ),
    replicas: tally.replicas,
  };
}

/** The figures of a phase, as run.json carries them. */
export function phaseFigures(recorder: PhaseRecorder, context: PhaseContext): RunPhase {
  const { phase, total, failed } = recorder;
  const { generators, seed, objective } = context;
  const windowUs = Math.max(1, recorder.windowEndUs - phase.plan.startUs);
  const n = recorder.requests;
  const percentiles = percentilesOf(recorder);
  const open = openAccount(generators);
  const slopes = slopesOf(recorder, context.rss);
  const budget = objective === null || phase.kind !== 'soak' ? null : errorBudget(objective, n, failed);
  return {
    name: phase.name,
    kind: phase.kind,
    ...loadFigures(phase.plan),
    ...(open === undefined ? {} : { open }),
    start_s: phase.plan.startUs / 1e6,
    duration_s: windowUs / 1e6,
    requests: n,
    succeeded: recorder.response.count,
    failed,
    success_rate: n === 0 ? null : recorder.response.count / n,
    failure_rate_bound: failureRateBound(failed, n),
    throughput_per_s: (recorder.tally.answersInside / windowUs) * 1e6,
    ...latencyFigures(recorder, percentiles),
    failed_ms: failedMs(total),
    lag_ms: lagMs(total),
    ...countFigures(recorder),
    connections_opened: generators.reduce((sum, generator) => sum + generator.connectionsOpened, 0),
    littles_law: recorder.law(generators),
    ...blockFigures(recorder, seed),
    steadiness: steadinessFigures(recorder, seed, context.steadyPhases),
    ...(slopes === undefined ? {} : { slopes }),
    recovery: recoveryOf(recorder),
    ...(budget === null
      ? {}
      : {
          error_budget: {
            objective: budget.objective,
            allowed: budget.allowed,
            used: budget.used,
            used_share: budget.usedShare,
          },
        }),
    generators: generators.map(({ generator, users, elu, cpuS, processor, ownDelayMs, lost }) => ({
      id: generator,
      users,
      elu,
      cpu_s: cpuS,
      cpu_wait_ms_mean: processor?.waitMs ?? null,
      cpu_wait_share: processor?.waitShare ?? null,
      own_delay_ms: ownDelayMs,
      lost: lost !== null,
    })),
    warnings: warningsOf(recorder, percentiles),
  };
}

/** What the figures of a phase say about the instrument. */
export function phaseEvidence(
  recorder: PhaseRecorder,
  figures: RunPhase,
  generators: readonly GeneratorResult[],
): PhaseEvidence {
  const { plan } = recorder.phase;
  const { ok } = recorder.total;
  return {
    name: figures.name,
    users: plan.mode === 'closed' ? plan.users : 0,
    requests: recorder.requests,
    generatorElu: Math.max(0, ...generators.map((generator) => generator.elu)),
    generatorCpuWaitMs: Math.max(0, ...generators.map(({ processor }) => processor?.waitMs ?? 0)),
    generatorCpuWaitShare: Math.max(0, ...generators.map(({ processor }) => processor?.waitShare ?? 0)),
    // Also where the percentile itself is unsupported: a generator's own delay is one reason for that.
    ownDelays: ([95, 99] as const).map((percentile) => ({
      percentile,
      generatorMs: Math.max(0, ...generators.map(({ ownDelayMs }) => ownDelayMs[`p${percentile}`] ?? 0)),
      responseMs: ok.count === 0 ? 0 : atShare(ok, percentile / 100),
    })),
    lagMsP50: figures.lag_ms?.p50 ?? null,
    responseMsP50: figures.p50_ms ?? null,
    littlesLaw: figures.littles_law ?? null,
    generatorsLost: generators.flatMap(({ lost }) => (lost === null ? [] : [lost])),
    achievedShare: figures.open?.achieved_share ?? null,
    dropped: figures.open?.dropped ?? 0,
    unsteady: figures.steadiness?.outcome === 'unsteady' ? figures.steadiness.reason : null,
  };
}

/**
 * What can be said of the instrument before a run is over, for progress: without steadiness, which takes long to find.
 * `generators` is empty while the phase runs.
 */
export function evidenceSoFar(recorder: PhaseRecorder, generators: readonly GeneratorResult[]): PhaseEvidence {
  const { ok } = recorder.total;
  const open = openAccount(generators);
  const figures: RunPhase = {
    name: recorder.phase.name,
    p50_ms: ok.count === 0 ? null : atShare(ok, 0.5),
    lag_ms: lagMs(recorder.total),
    // The law holds over whole phases: the time that requests under way have taken is not known yet.
    littles_law: generators.length === 0 ? null : recorder.law(generators),
    ...(open === undefined ? {} : { open }),
  };
  return phaseEvidence(recorder, figures, generators);
}
