import type { ScenarioPhase } from '../contract/index.js';
import { phaseInvalidReasons } from '../domain/stats/index.js';
import { isJudged } from './assemble-run.js';
import type { DrivenPhase, LoadDriver } from './drive-phases.js';
import { restartsOf } from './probe/restarts.js';
import type { ServerProbe } from './probe/server-probe.js';
import { evidenceSoFar } from './record/phase-figures.js';
import type { PhaseRecorder } from './record/phase-recorder.js';

const TELL_EVERY_MS = 1_000;
/** What the target's statistics are called where it only speaks Prometheus text. */
const PROMETHEUS_NAMES: Readonly<Record<string, string>> = { queue_length: 'inference_queue_len' };

/** Where a run stands, about once a second. Times in ms; percentiles of the phase so far, over right answers. */
export interface LoadProgress {
  readonly step: 'floor' | 'pause' | 'running' | 'writing';
  readonly phase: string | null;
  /** 0-based, of how many. */
  readonly index: number;
  readonly phases: number;
  /** Closed users; null for open arrivals. */
  readonly users: number | null;
  /** Open arrivals wanted per second, where that is known beforehand; null for closed users. */
  readonly wantedPerS: number | null;
  readonly elapsedS: number;
  /** Null where the number of requests decides. */
  readonly durationS: number | null;
  readonly requests: number;
  readonly failed: number;
  /** Requests that were answered in the last second. */
  readonly ratePerS: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Median lag of the generators in this phase. */
  readonly lagMsP50: number | null;
  /** Of the target's own statistics; null where it has none. */
  readonly serverQueue: number | null;
  /** Mean rows of a batch since the target started. */
  readonly serverBatch: number | null;
  /** Why the run would be INVALID if it ended now; empty = VALID so far. Whether phases were steady is said at the end. */
  readonly invalidReasons: readonly string[];
}

/** Tells a listener once a second where the run stands; knows nothing that the recorder does not know. */
export class ProgressTeller {
  readonly #driver: LoadDriver;
  readonly #phases: number;
  readonly #listener: ((progress: LoadProgress) => void) | undefined;
  readonly #timer: NodeJS.Timeout | null;
  #probe: ServerProbe | null = null;
  #step: LoadProgress['step'] = 'floor';
  #phase: ScenarioPhase | null = null;
  #index = 0;
  #sinceUs = 0;
  #before = 0;
  /** What the phases that are over say against the run. */
  readonly #reasons: string[] = [];
  #judged: PhaseRecorder | null = null;

  constructor(driver: LoadDriver, phases: number, listener: ((progress: LoadProgress) => void) | undefined) {
    this.#driver = driver;
    this.#phases = phases;
    this.#listener = listener;
    this.#timer =
      listener === undefined
        ? null
        : setInterval(() => {
            this.#tell();
          }, TELL_EVERY_MS);
  }

  /** The phase that runs, or null between phases. */
  get phaseName(): string | null {
    return this.#step === 'running' ? (this.#phase?.name ?? null) : null;
  }

  watch(probe: ServerProbe): void {
    this.#probe = probe;
  }

  pausing(phase: ScenarioPhase, index: number): void {
    this.#enter('pause', phase, index);
  }

  running(phase: ScenarioPhase, index: number): void {
    this.#enter('running', phase, index);
  }

  /** A phase is over: what it says of the instrument stands from now on. */
  judge({ recorder, generators }: DrivenPhase): void {
    if (this.#listener === undefined || !isJudged(recorder.phase)) return;
    this.#reasons.push(...phaseInvalidReasons(evidenceSoFar(recorder, generators)));
    this.#judged = recorder;
  }

  ended(): void {
    this.#tell();
    this.#step = 'pause';
  }

  writing(): void {
    this.#step = 'writing';
    this.#tell();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #enter(step: LoadProgress['step'], phase: ScenarioPhase, index: number): void {
    this.#step = step;
    this.#phase = phase;
    this.#index = index;
    this.#sinceUs = this.#driver.nowUs();
    this.#before = 0;
  }

  #tell(): void {
    if (this.#listener === undefined) return;
    // While connections open, the driver still holds the phase before.
    const recorder = this.phaseName === this.#driver.recorder?.phase.name ? this.#driver.recorder : null;
    const count = recorder?.response.count ?? 0;
    const at = (p: number): number | null =>
      recorder === null || count === 0 ? null : recorder.response.msAtRank(Math.max(1, Math.ceil(count * p)));
    const requests = recorder?.requests ?? 0;
    const last = this.#probe?.samples.at(-1);
    const said = (name: string): number | null => {
      const value = last?.stats?.[name] ?? last?.prometheus?.[PROMETHEUS_NAMES[name] ?? ''];
      return typeof value === 'number' ? value : null;
    };
    const lag = recorder?.total.lag;
    this.#listener({
      step: this.#step,
      phase: this.#phase?.name ?? null,
      index: this.#index,
      phases: this.#phases,
      users: this.#phase?.users ?? null,
      wantedPerS: this.#phase?.rate ?? null,
      elapsedS: (this.#driver.nowUs() - this.#sinceUs) / 1e6,
      durationS: (this.#step === 'pause' ? this.#phase?.pause_s : this.#phase?.duration_s) ?? null,
      requests,
      failed: recorder?.failed ?? 0,
      ratePerS: Math.max(0, requests - this.#before),
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      lagMsP50: lag === undefined || lag.count === 0 ? null : lag.msAtRank(Math.ceil(lag.count / 2)),
      serverQueue: said('queue_length'),
      serverBatch: meanBatch(last?.prometheus),
      invalidReasons: [...this.#reasons, ...this.#ofRunning(recorder), ...this.#restarts()],
    });
    this.#before = requests;
  }

  #ofRunning(recorder: PhaseRecorder | null): string[] {
    // Before the first answers there is nothing to say yet.
    if (recorder === null || recorder === this.#judged || recorder.requests === 0) return [];
    return isJudged(recorder.phase) ? phaseInvalidReasons(evidenceSoFar(recorder, [])) : [];
  }

  #restarts(): string[] {
    return this.#probe === null ? [] : restartsOf(this.#probe.samples, this.#driver.epochMs);
  }
}

function meanBatch(figures: Readonly<Record<string, number>> | undefined): number | null {
  const rows = figures?.['inference_batch_rows_sum'];
  const batches = figures?.['inference_batch_rows_count'];
  return rows === undefined || batches === undefined || batches === 0 ? null : rows / batches;
}
