import {
  FAILURE_KINDS,
  PERCENTILES,
  type PercentileName,
  type RunPercentile,
  type RunPhase,
} from '../../contract/index.js';
import { type ClosedUsers, firstDueUs, restUs } from '../../domain/arrivals/index.js';
import {
  failureRateBound,
  lagUnsupported,
  type LittlesLaw,
  littlesLaw,
  overlapUs,
  percentileFigure,
  type PhaseEvidence,
  smallestSupportedN,
} from '../../domain/stats/index.js';
import type { GeneratorResult } from '../generator/generator-pool.js';
import { SAMPLE_WIDTH, type SampleBatch } from '../generator/messages.js';
import { LatencyHistogram } from './histogram.js';
import { parseServerTiming } from './server-timing.js';

export type RecordedOutcome = 'ok' | 'failed';

/** What is planned of a phase, and how it is called. */
export interface RecordedPhase {
  readonly name: string;
  readonly kind: 'warmup' | 'sustained';
  readonly plan: ClosedUsers;
}

const CONNECT = FAILURE_KINDS.indexOf('connect');
const REPLICAS_MAX = 1_000;

/** Everything that is counted and timed of one phase, as it comes in. */
export class PhaseRecorder {
  readonly phase: RecordedPhase;
  /** Response time by generator and outcome: what `histograms.hlog` holds. */
  readonly histograms: readonly Readonly<Record<RecordedOutcome, LatencyHistogram>>[];
  /** Response time of right answers over all generators, the same less each request's own lag, and the lag itself. */
  readonly response = new LatencyHistogram();
  readonly #failed = new LatencyHistogram();
  readonly #withoutLag = new LatencyHistogram();
  readonly #lag = new LatencyHistogram();
  readonly #statuses = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #replicas = new Map<string, number>();
  readonly #examples: Record<string, string> = {};
  readonly #timing = new Map<string, { sum: number; count: number }>();
  #connectionWaitUs = 0;
  #bytesOut = 0;
  #bytesIn = 0;
  #lastDoneUs = 0;
  /** Set when the phase was ended before its plan said so. */
  #cutUs = Number.POSITIVE_INFINITY;
  /** Right answers inside the window, and the user-time that requests and rests cover of it. */
  #answersInside = 0;
  #coveredUs = 0;

  constructor(phase: RecordedPhase, generators: number) {
    this.phase = phase;
    this.histograms = Array.from({ length: generators }, () => ({
      ok: new LatencyHistogram(),
      failed: new LatencyHistogram(),
    }));
  }

  get requests(): number {
    return this.response.count + this.#failed.count;
  }

  get failed(): number {
    return this.#failed.count;
  }

  add(batch: SampleBatch, generator: number): void {
    const { numbers } = batch;
    const { plan } = this.phase;
    const endUs = Math.min(plan.endUs, this.#cutUs);
    for (let i = 0; i < batch.count; i++) {
      const at = i * SAMPLE_WIDTH;
      const intended = numbers[at + 1] ?? 0;
      const done = numbers[at + 4] ?? 0;
      const failure = numbers[at + 7] ?? -1;
      const ok = failure < 0;
      const restedUs = done + restUs(plan.thinkUs, failure === CONNECT);
      this.#coveredUs += overlapUs(intended, restedUs, plan.startUs, endUs);
      if (ok && done <= endUs) this.#answersInside++;
      this.#time(numbers, at, generator, ok);
      count(this.#statuses, String(numbers[at + 6] ?? 0));
      if (!ok) count(this.#failures, FAILURE_KINDS[failure] ?? 'bad_answer');
      else this.#addTiming(batch.serverTiming[i] ?? '');
      const replica = batch.replica[i] ?? '';
      if (replica !== '' && (this.#replicas.size < REPLICAS_MAX || this.#replicas.has(replica))) {
        count(this.#replicas, replica);
      }
      this.#connectionWaitUs += numbers[at + 5] ?? 0;
      this.#bytesOut += numbers[at + 8] ?? 0;
      this.#bytesIn += numbers[at + 9] ?? 0;
      if (done > this.#lastDoneUs) this.#lastDoneUs = done;
    }
    for (const [kind, text] of Object.entries(batch.examples)) this.#examples[kind] ??= text;
  }

  /** The phase was ended by hand at this time. */
  cut(atUs: number): void {
    this.#cutUs = Math.min(this.#cutUs, atUs);
  }

  /** End of the window that rates are taken over: the plan's, or the last answer where only requests count. */
  get windowEndUs(): number {
    const planned = Math.min(this.phase.plan.endUs, this.#cutUs);
    const last = Math.max(this.#lastDoneUs, this.phase.plan.startUs);
    // Users with a fixed number of requests may be finished before the time is up.
    return Number.isFinite(planned) && this.phase.plan.requestsPerUser === Infinity ? planned : Math.min(planned, last);
  }

  figures(generators: readonly GeneratorResult[]): RunPhase {
    const { plan, name, kind } = this.phase;
    const windowUs = Math.max(1, this.windowEndUs - plan.startUs);
    const n = this.requests;
    const percentiles = this.#percentiles();
    const value = (p: PercentileName): number | null => percentiles[p]?.value_ms ?? null;
    return {
      name,
      kind,
      users: plan.users,
      think_s: plan.thinkUs / 1e6,
      ...(Number.isFinite(plan.requestsPerUser) ? { requests_per_user: plan.requestsPerUser } : {}),
      start_s: plan.startUs / 1e6,
      duration_s: windowUs / 1e6,
      requests: n,
      succeeded: this.response.count,
      failed: this.failed,
      success_rate: n === 0 ? null : this.response.count / n,
      failure_rate_bound: failureRateBound(this.failed, n),
      throughput_per_s: (this.#answersInside / windowUs) * 1e6,
      min_ms: this.response.minMs,
      mean_ms: this.response.meanMs,
      p50_ms: value('p50'),
      p90_ms: value('p90'),
      p95_ms: value('p95'),
      p99_ms: value('p99'),
      'p99.9_ms': value('p99.9'),
      max_ms: this.response.maxMs,
      percentiles,
      failed_ms:
        this.failed === 0
          ? null
          : { p50: this.#failed.msAtRank(Math.ceil(this.failed / 2)), max: this.#failed.maxMs ?? 0 },
      lag_ms: n === 0 ? null : { p50: this.#lagAt(0.5), p99: this.#lagAt(0.99), max: this.#lag.maxMs ?? 0 },
      connection_wait_ms_mean: n === 0 ? null : this.#connectionWaitUs / n / 1000,
      connections_opened: generators.reduce((sum, generator) => sum + generator.connectionsOpened, 0),
      statuses: Object.fromEntries(this.#statuses),
      failures: Object.fromEntries(this.#failures),
      failure_examples: this.#examples,
      bytes_out: this.#bytesOut,
      bytes_in: this.#bytesIn,
      server_timing_ms_mean: Object.fromEntries([...this.#timing].map(([part, t]) => [part, t.sum / t.count])),
      replicas: Object.fromEntries(this.#replicas),
      littles_law: this.#law(),
      generators: generators.map(({ generator, users, elu, cpuS, lost }) => ({
        id: generator,
        users,
        elu,
        cpu_s: cpuS,
        lost: lost !== null,
      })),
      warnings: this.#warnings(percentiles),
    };
  }

  evidence(generators: readonly GeneratorResult[]): PhaseEvidence {
    const n = this.requests;
    return {
      name: this.phase.name,
      users: this.phase.plan.users,
      requests: n,
      generatorElu: Math.max(0, ...generators.map((generator) => generator.elu)),
      lagMsP50: n === 0 ? null : this.#lagAt(0.5),
      responseMsP50: this.response.count === 0 ? null : this.response.msAtRank(Math.ceil(this.response.count / 2)),
      littlesLaw: this.#law(),
      generatorsLost: generators.map((generator) => generator.lost).filter((text) => text !== null),
    };
  }

  /** Frees the histograms' memory; figures are to be taken before. */
  destroy(): void {
    for (const histogram of [this.response, this.#failed, this.#withoutLag, this.#lag]) histogram.destroy();
    for (const { ok, failed } of this.histograms) {
      ok.destroy();
      failed.destroy();
    }
  }

  #time(numbers: Float64Array, at: number, generator: number, ok: boolean): void {
    const intended = numbers[at + 1] ?? 0;
    const lagUs = Math.max(0, (numbers[at + 2] ?? 0) - intended - (numbers[at + 5] ?? 0));
    const responseUs = (numbers[at + 4] ?? 0) - intended;
    this.histograms[generator]?.[ok ? 'ok' : 'failed'].record(responseUs);
    this.#lag.record(lagUs);
    if (!ok) {
      this.#failed.record(responseUs);
      return;
    }
    this.response.record(responseUs);
    this.#withoutLag.record(responseUs - lagUs);
  }

  #addTiming(header: string): void {
    for (const [part, ms] of Object.entries(parseServerTiming(header))) {
      const entry = this.#timing.get(part);
      if (entry === undefined) this.#timing.set(part, { sum: ms, count: 1 });
      else {
        entry.sum += ms;
        entry.count++;
      }
    }
  }

  #lagAt(p: number): number {
    return this.#lag.msAtRank(Math.max(1, Math.ceil(this.#lag.count * p)));
  }

  #percentiles(): Record<string, RunPercentile> {
    const n = this.response.count;
    if (n === 0) return {};
    const entries: Record<string, RunPercentile> = {};
    for (const [name, p] of Object.entries(PERCENTILES)) {
      const { value, lower, upper } = percentileFigure(n, p, (rank) => this.response.msAtRank(rank));
      const withoutLag = percentileFigure(n, p, (rank) => this.#withoutLag.msAtRank(rank)).value;
      entries[name] = {
        value_ms: value,
        lower_ms: lower,
        upper_ms: upper,
        supported: !lagUnsupported(value, withoutLag),
      };
    }
    return entries;
  }

  /**
   * Null where users have a fixed number of requests (they leave one by one) and where the phase was cut short: there
   * the law says nothing.
   */
  #law(): LittlesLaw | null {
    const { plan } = this.phase;
    if (Number.isFinite(plan.requestsPerUser) || Number.isFinite(this.#cutUs) || this.requests === 0) return null;
    let userTimeUs = 0;
    for (let user = 0; user < plan.users; user++) userTimeUs += Math.max(0, plan.endUs - firstDueUs(plan, user));
    return littlesLaw(userTimeUs, this.#coveredUs, Math.max(1, plan.endUs - plan.startUs), plan.users);
  }

  #warnings(percentiles: Readonly<Record<string, RunPercentile>>): string[] {
    const n = this.response.count;
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
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
