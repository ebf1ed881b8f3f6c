import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClosedUsers } from '../domain/arrivals/index.js';
import { GeneratorPool, type GeneratorResult } from './generator/generator-pool.js';
import type { RequestPlan, SampleBatch } from './generator/messages.js';
import { PhaseRecorder } from './record/phase-recorder.js';
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
  readonly kind: 'warmup' | 'sustained';
  readonly users: number;
  readonly thinkUs: number;
  readonly durationUs: number;
  readonly requestsPerUser: number;
  /** Drive the request that does nothing, and keep no samples. */
  readonly useNullRequest: boolean;
}

export interface DrivenPhase {
  readonly recorder: PhaseRecorder;
  readonly generators: readonly GeneratorResult[];
  /** Problems in opening connections. */
  readonly problems: readonly string[];
}

/** Runs phases one after another over a pool of generators, and records what they send back. */
export class LoadDriver {
  readonly #pool: GeneratorPool;
  readonly #store: SampleStore;
  readonly #signal: AbortSignal;
  readonly #request: RequestPlan;
  readonly #nullRequest: RequestPlan | null;
  #recorder: PhaseRecorder | null = null;
  #number = 0;
  #keepSamples = false;
  /** Zero of the run's clock, ms since the epoch. */
  readonly epochMs = performance.timeOrigin + performance.now();

  constructor(options: {
    readonly generators: number;
    readonly generatorUrl: URL;
    readonly request: RequestPlan;
    readonly nullRequest: RequestPlan | null;
    readonly store: SampleStore;
    readonly signal: AbortSignal;
  }) {
    this.#store = options.store;
    this.#signal = options.signal;
    this.#request = options.request;
    this.#nullRequest = options.nullRequest;
    this.#pool = new GeneratorPool(options.generators, options.generatorUrl, (batch, generator) => {
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
    const problems = await this.#pool.prepare(number, phase.users, phase.useNullRequest);
    const startUs = this.nowUs() + LEAD_US;
    const plan: ClosedUsers = {
      users: phase.users,
      thinkUs: phase.thinkUs,
      startUs,
      endUs: startUs + phase.durationUs,
      requestsPerUser: phase.requestsPerUser,
    };
    const recorder = new PhaseRecorder({ name: phase.name, kind: phase.kind, plan }, this.#pool.size);
    this.#recorder = recorder;
    this.#keepSamples = !phase.useNullRequest;
    const end = (): void => {
      recorder.cut(this.nowUs());
      this.#pool.endPhase(number, GRACE_MS);
    };
    const running = this.#pool.run({ phase: number, ...plan }, this.#patienceMs(phase));
    this.#signal.addEventListener('abort', end, { once: true });
    if (this.#signal.aborted) end();
    const generators = await running;
    this.#signal.removeEventListener('abort', end);
    return { recorder, generators, problems };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #patienceMs(phase: PhaseToDrive): number {
    const requestMs = this.#request.timeoutMs + phase.thinkUs / 1000;
    const planMs = Number.isFinite(phase.durationUs) ? phase.durationUs / 1000 : phase.requestsPerUser * requestMs;
    return Math.min(TIMER_MS_MAX, planMs + requestMs + PATIENCE_MS);
  }

  #receive(batch: SampleBatch, generator: number): void {
    const recorder = this.#recorder;
    if (recorder === null || batch.phase !== this.#number) return;
    recorder.add(batch, generator);
    if (!this.#keepSamples) return;
    const { response } = recorder;
    const slowUs =
      this.#store.overflowing && response.count > 0
        ? response.msAtRank(Math.ceil(response.count * SLOW_SHARE)) * 1000
        : Number.POSITIVE_INFINITY;
    this.#store.add(batch, recorder.phase.name, slowUs);
  }
}
