import { FAILURE_KINDS, type PhaseKind } from '../../contract/index.js';
import { firstDueUs, type LoadPlan, planEndUs, restUs, usersOf } from '../../domain/arrivals/index.js';
import { type LittlesLaw, littlesLaw, overlapUs } from '../../domain/stats/index.js';
import type { GeneratorResult } from '../generator/generator-pool.js';
import { SAMPLE_WIDTH, type SampleBatch } from '../generator/messages.js';
import { LatencyHistogram } from './histogram.js';
import { PhaseSeries, type SeriesState } from './phase-series.js';
import { PhaseTally, type TallyState } from './phase-tally.js';

/** `ok` and `failed` are response times; `lag` is the generator's, `prompt` the response time without it. */
export const OUTCOMES = ['ok', 'failed', 'lag', 'prompt'] as const;
export type RecordedOutcome = (typeof OUTCOMES)[number];

/** What is planned of a phase, and how it is called. */
export interface RecordedPhase {
  readonly name: string;
  readonly kind: PhaseKind | 'search';
  readonly plan: LoadPlan;
}

/** What a shard remembers of a phase beside its histograms. */
export interface RecorderState {
  readonly phase: RecordedPhase;
  readonly tally: TallyState;
  readonly series: SeriesState | null;
  readonly cutUs: number | null;
  /** Exact figures of the histograms, which keep three digits, by generator and outcome. */
  readonly exact: readonly (readonly [
    generator: number,
    outcome: RecordedOutcome,
    minUs: number,
    maxUs: number,
    sumUs: number,
  ])[];
}

const CONNECT = FAILURE_KINDS.indexOf('connect');

type Histograms = Readonly<Record<RecordedOutcome, LatencyHistogram>>;

/** Everything that is counted and timed of one phase, as it comes in. */
export class PhaseRecorder {
  readonly phase: RecordedPhase;
  /** By generator number and outcome: what `histograms.hlog` holds. */
  readonly histograms = new Map<number, Histograms>();
  /** Over all generators. */
  readonly total: Histograms = newHistograms();
  readonly tally = new PhaseTally();
  /** Null where the number of requests decides how long the phase is. */
  readonly series: PhaseSeries | null;
  readonly #endUs: number;
  readonly #users: readonly number[];
  /** Set when the phase was ended before its plan said so. */
  #cutUs = Number.POSITIVE_INFINITY;

  /** `users`: which of the plan's closed users are recorded here; without it all of them. A shard has its share. */
  constructor(phase: RecordedPhase, users?: readonly number[]) {
    this.phase = phase;
    this.#users = users ?? (phase.plan.mode === 'closed' ? usersOf(phase.plan.users, 0, 1) : []);
    this.#endUs = planEndUs(phase.plan);
    this.series = Number.isFinite(this.#endUs) ? new PhaseSeries(phase.plan.startUs, this.#endUs) : null;
  }

  get response(): LatencyHistogram {
    return this.total.ok;
  }

  get requests(): number {
    return this.response.count + this.failed;
  }

  get failed(): number {
    return this.total.failed.count;
  }

  /** Whether the phase was ended before its plan said so. */
  get wasCut(): boolean {
    return Number.isFinite(this.#cutUs);
  }

  add(batch: SampleBatch, generator: number): void {
    const { numbers } = batch;
    const { plan } = this.phase;
    const endUs = Math.min(this.#endUs, this.#cutUs);
    const own = this.#histogramsOf(generator);
    for (let i = 0; i < batch.count; i++) {
      const at = i * SAMPLE_WIDTH;
      const intended = numbers[at + 1] ?? 0;
      const sent = numbers[at + 2] ?? 0;
      const done = numbers[at + 4] ?? 0;
      const taken = sent - (numbers[at + 5] ?? 0);
      const failure = numbers[at + 7] ?? -1;
      const fromUs = plan.mode === 'closed' ? intended : taken;
      const untilUs = plan.mode === 'closed' ? done + restUs(plan.thinkUs, failure === CONNECT) : done;
      this.tally.coveredUs += overlapUs(fromUs, untilUs, plan.startUs, endUs);
      if (failure < 0 && done <= endUs) this.tally.answersInside++;
      this.series?.cover(intended, done);
      if (failure < 0) this.series?.add(intended, done - intended);
      this.tally.add(batch, i);
      record(own, this.total, intended, Math.max(0, taken - intended), done, failure < 0);
    }
    this.tally.addExamples(batch.examples);
  }

  /** The phase was ended by hand at this time. */
  cut(atUs: number): void {
    this.#cutUs = Math.min(this.#cutUs, atUs);
  }

  /** End of the window that rates are taken over: the plan's, or the last answer where only requests count. */
  get windowEndUs(): number {
    const { plan } = this.phase;
    const planned = Math.min(this.#endUs, this.#cutUs);
    const last = Math.max(this.tally.lastDoneUs, plan.startUs);
    // Users with a fixed number of requests may be finished before the time is up.
    const timed = plan.mode === 'open' || plan.requestsPerUser === Infinity;
    return Number.isFinite(planned) && timed ? planned : Math.min(planned, last);
  }

  /**
   * Null where users have a fixed number of requests (they leave one by one) and where the phase was cut short: there
   * the law says nothing. Open arrivals: what the generators counted in flight against what the samples say of it.
   */
  law(generators: readonly GeneratorResult[]): LittlesLaw | null {
    const { plan } = this.phase;
    if (this.wasCut || this.requests === 0) return null;
    const windowUs = Math.max(1, this.#endUs - plan.startUs);
    if (plan.mode === 'open') {
      const counted = generators.reduce((sum, { open }) => sum + (open?.inFlightUs ?? 0), 0);
      return littlesLaw(counted, this.tally.coveredUs, windowUs, counted / windowUs);
    }
    // Users of a ramp or a spike leave with a request under way, which covers time that is no longer theirs.
    if (Number.isFinite(plan.requestsPerUser) || plan.levels.length > 0) return null;
    let userTimeUs = 0;
    for (const user of this.#users) {
      userTimeUs += Math.max(0, this.#endUs - (firstDueUs(plan, user) ?? this.#endUs));
    }
    return littlesLaw(userTimeUs, this.tally.coveredUs, windowUs, this.#users.length);
  }

  state(): RecorderState {
    const exact = [...this.histograms].flatMap(([generator, outcomes]) =>
      OUTCOMES.filter((outcome) => outcomes[outcome].count > 0).map(
        (outcome) => [generator, outcome, ...outcomes[outcome].exactUs] as const,
      ),
    );
    return {
      phase: this.phase,
      tally: this.tally.state(),
      series: this.series?.state() ?? null,
      cutUs: this.wasCut ? this.#cutUs : null,
      exact,
    };
  }

  /** Adds what another shard recorded of the same phase; its histograms come by `histogram`. */
  merge(state: RecorderState): void {
    this.tally.merge(state.tally);
    if (state.series !== null) this.series?.merge(state.series);
    // Every shard has a clock of its own; its phase began when this one did.
    if (state.cutUs !== null) this.cut(state.cutUs - state.phase.plan.startUs + this.phase.plan.startUs);
    for (const [generator, outcome, minUs, maxUs, sumUs] of state.exact) {
      for (const histograms of [this.#histogramsOf(generator), this.total]) {
        histograms[outcome].addExact(minUs, maxUs, sumUs);
      }
    }
  }

  /** Adds the buckets of a generator's histogram, as read from a bundle. */
  addHistogram(generator: number, outcome: RecordedOutcome, histogram: LatencyHistogram['inner']): void {
    this.#histogramsOf(generator)[outcome].addBuckets(histogram);
    this.total[outcome].addBuckets(histogram);
  }

  /** Frees the histograms' memory; figures are to be taken before. */
  destroy(): void {
    for (const histograms of [this.total, ...this.histograms.values()]) {
      for (const outcome of OUTCOMES) histograms[outcome].destroy();
    }
  }

  #histogramsOf(generator: number): Histograms {
    let own = this.histograms.get(generator);
    if (own === undefined) {
      own = newHistograms();
      this.histograms.set(generator, own);
    }
    return own;
  }
}

function newHistograms(): Histograms {
  return {
    ok: new LatencyHistogram(),
    failed: new LatencyHistogram(),
    lag: new LatencyHistogram(),
    prompt: new LatencyHistogram(),
  };
}

function record(own: Histograms, total: Histograms, intended: number, lagUs: number, done: number, ok: boolean): void {
  const responseUs = done - intended;
  for (const histograms of [own, total]) {
    histograms.lag.record(lagUs);
    histograms[ok ? 'ok' : 'failed'].record(responseUs);
    if (ok) histograms.prompt.record(responseUs - lagUs);
  }
}
