import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadPlan, planEndUs, startedAt, usersOf } from '../domain/arrivals/index.js';
import { GeneratorPool, type GeneratorResult, type Shard } from './generator/generator-pool.js';
import type { RequestPlan, SampleBatch } from './generator/messages.js';
import { PhaseRecorder, type RecordedPhase } from './record/phase-recorder.js';
import type { SampleStore } from './record/sample-store.js';

/** Between the command and the first request: time for the command to reach every generator. */
const LEAD_US = 50_000;
/** After Ctrl-C, answers under way are awaited this long. */
const GRACE_MS = 5_000;
/** A generator that is silent this long beyond timeouts and plan is lost. */
const PATIENCE_MS = 15_000;
const TIMER_MS_MAX = 2_147_483_647;
/** Samples in the slowest thousandth are kept whatever the reservoir says. */
const SLOW_SHARE = 0.999;

export interface PhaseToDrive {
  readonly name: string;
  readonly kind: RecordedPhase['kind'];
  /** From time 0 on. */
  readonly plan: LoadPlan;
  /** Open arrivals: requests under way at once, over all generators of this run. */
  readonly maxInFlight: number;
  /** When it has to start, µs on the run's clock; null = as soon as everybody is ready. */
  readonly startUs: number | null;
  /** Drive the request that does nothing, and keep no samples. */
  readonly useNullRequest: boolean;
}

export interface DrivenPhase {
  readonly recorder: PhaseRecorder;
  readonly generators: readonly GeneratorResult[];
  /** Problems in opening connections, and a start that came too late. */
  readonly problems: readonly string[];
}

/** Runs phases one after another over a pool of generators, and records what they send back. */
export class LoadDriver {
  readonly #pool: GeneratorPool;
  readonly #store: SampleStore;
  readonly #signal: AbortSignal;
  readonly #request: RequestPlan;
  readonly #nullRequest: RequestPlan | null;
  /** Number of the first generator of this shard. */
  readonly #first: number;
  readonly #shards: number;
  readonly #onBatch: ((batch: SampleBatch) => void) | undefined;
  #recorder: PhaseRecorder | null = null;
  #number = 0;
  #keepSamples = false;
  #endPhase: (() => void) | null = null;
  /** Zero of the run's clock, ms since the epoch. */
  readonly epochMs = performance.timeOrigin + performance.now();

  constructor(options: {
    readonly generators: number;
    readonly shard: Shard;
    readonly generatorUrl: URL;
    readonly request: RequestPlan;
    readonly nullRequest: RequestPlan | null;
    readonly store: SampleStore;
    readonly signal: AbortSignal;
    /** Sees every batch of a measured phase, before anything else is done with it. */
    readonly onBatch?: (batch: SampleBatch) => void;
  }) {
    this.#first = options.shard.index * options.generators;
    this.#shards = options.shard.count;
    this.#store = options.store;
    this.#onBatch = options.onBatch;
    this.#signal = options.signal;
    this.#request = options.request;
    this.#nullRequest = options.nullRequest;
    this.#pool = new GeneratorPool(options.generators, options.shard, options.generatorUrl, (batch, generator) => {
      this.#receive(batch, generator);
    });
  }

  /** µs on the run's clock. */
  readonly nowUs = (): number => (performance.timeOrigin + performance.now() - this.epochMs) * 1000;

  /** The phase that runs now, for whoever shows progress. */
  get recorder(): PhaseRecorder | null {
    return this.#recorder;
  }

  start(): Promise<void> {
    return this.#pool.configure({ request: this.#request, nullRequest: this.#nullRequest, epochMs: this.epochMs });
  }

  /** Waits; ends early, without an error, when the run is ended by hand. */
  async pause(seconds: number): Promise<void> {
    if (seconds <= 0 || this.#signal.aborted) return;
    await sleep(Math.min(TIMER_MS_MAX, seconds * 1000), undefined, { signal: this.#signal }).catch(() => undefined);
  }

  async drive(phase: PhaseToDrive): Promise<DrivenPhase> {
    const number = ++this.#number;
    const maxInFlight = Math.max(1, Math.ceil(phase.maxInFlight / this.#pool.size));
    const { useNullRequest } = phase;
    const problems = await this.#pool.prepare({ phase: number, plan: phase.plan, maxInFlight, useNullRequest });
    const soonUs = this.nowUs() + LEAD_US;
    if (phase.startUs !== null && phase.startUs < soonUs) {
      problems.push(`it started ${((soonUs - phase.startUs) / 1e6).toFixed(1)} s later than agreed`);
    }
    const plan = startedAt(phase.plan, Math.max(soonUs, phase.startUs ?? 0));
    const recorder = new PhaseRecorder({ name: phase.name, kind: phase.kind, plan }, this.#usersOf(plan));
    this.#recorder = recorder;
    this.#keepSamples = !useNullRequest;
    const end = (): void => {
      recorder.cut(this.nowUs());
      this.#pool.endPhase(number, GRACE_MS);
    };
    this.#endPhase = end;
    const running = this.#pool.run(number, plan, this.#patienceMs(plan));
    this.#signal.addEventListener('abort', end, { once: true });
    if (this.#signal.aborted) end();
    const generators = await running;
    this.#signal.removeEventListener('abort', end);
    this.#endPhase = null;
    return { recorder, generators, problems };
  }

  /** The closed users that the generators here play, of all that the shards have. */
  #usersOf(plan: LoadPlan): number[] {
    if (plan.mode !== 'closed') return [];
    const { size } = this.#pool;
    const own = Array.from({ length: size }, (_, i) => this.#first + i);
    return own.flatMap((generator) => usersOf(plan.users, generator, size * this.#shards));
  }

  /** Ends the phase that runs, as Ctrl-C would. */
  endPhase(): void {
    this.#endPhase?.();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #patienceMs(plan: LoadPlan): number {
    const requestMs = this.#request.timeoutMs + (plan.mode === 'closed' ? plan.thinkUs / 1000 : 0);
    const endUs = planEndUs(plan);
    const fixed = plan.mode === 'closed' ? plan.requestsPerUser * requestMs : 0;
    const planMs = Number.isFinite(endUs) ? (endUs - this.nowUs()) / 1000 : fixed;
    return Math.min(TIMER_MS_MAX, planMs + requestMs + PATIENCE_MS);
  }

  #receive(batch: SampleBatch, generator: number): void {
    const recorder = this.#recorder;
    if (recorder === null || batch.phase !== this.#number) return;
    recorder.add(batch, this.#first + generator);
    if (!this.#keepSamples) return;
    this.#onBatch?.(batch);
    const { response } = recorder;
    const slowUs =
      this.#store.overflowing && response.count > 0
        ? response.msAtRank(Math.ceil(response.count * SLOW_SHARE)) * 1000
        : Number.POSITIVE_INFINITY;
    this.#store.add(batch, recorder.phase.name, slowUs);
  }
}
