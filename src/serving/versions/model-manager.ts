import { type Bundle, FltsError } from '../../contract/index.js';
import { nextRollout } from '../../domain/rollout/index.js';
import { replayGolden } from './golden.js';
import { Lane } from '../scheduling/lane.js';
import { compileModelSpec } from '../model-spec.js';
import type { Clock, InferenceBackend, Log, Metrics, ModelSource, Slot, StartBackend } from '../ports.js';
import type { PredictionService } from '../prediction-service.js';

export interface ManagerSettings {
  /** Serve only this identifier; empty: any. */
  readonly identifier: string;
  readonly pollMs: number;
}

/** What one look at the registry led to. */
export interface ReloadOutcome {
  readonly loaded: boolean;
  readonly runId: string | null;
  /** Why nothing was loaded; null when it was, or when the version at hand is the promoted one. */
  readonly reason: string | null;
}

/**
 * Keeps the served version the promoted one. A new version goes: fetched (digest checked) → loaded and warmed in
 * workers that serve nobody → golden window replayed by each → switched → old one drained → released. Any failure leaves the
 * old version serving, with the reason in the log and in `reason`.
 */
export class ModelManager {
  readonly #service: PredictionService;
  readonly #source: ModelSource;
  readonly #startBackend: StartBackend;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #settings: ManagerSettings;
  #failed: { runId: string; atUs: number } | null = null;
  #lastPollProblem: string | null = null;
  #reason: string | null = 'no model was looked for yet';
  #looking: Promise<ReloadOutcome> | null = null;
  #stopTimer: () => void = () => undefined;
  #stopped = false;

  constructor(
    service: PredictionService,
    source: ModelSource,
    startBackend: StartBackend,
    tools: { clock: Clock; metrics: Metrics; log: Log },
    settings: ManagerSettings,
  ) {
    this.#service = service;
    this.#source = source;
    this.#startBackend = startBackend;
    this.#clock = tools.clock;
    this.#metrics = tools.metrics;
    this.#log = tools.log;
    this.#settings = settings;
  }

  /** Why no model serves, or why the promoted one does not; null when all is well. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Looks once, then goes on looking every `pollMs`. */
  async start(): Promise<void> {
    await this.look(false);
    this.#schedule();
  }

  /** Looks no more; waits for a look under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopTimer();
    await this.#looking;
  }

  /**
   * Asks the registry now and takes the promoted version if it is another. `again` tries a version that has just
   * failed, too. Never rejects: what went wrong is in the outcome.
   */
  look(again: boolean): Promise<ReloadOutcome> {
    this.#looking ??= this.#look(again).finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#stopTimer = this.#clock.schedule(this.#settings.pollMs * 1000, () => {
      void this.look(false).then(() => {
        this.#schedule();
      });
    });
  }

  async #look(again: boolean): Promise<ReloadOutcome> {
    const serving = this.#service.lane?.spec.runId ?? null;
    try {
      const pointer = await this.#source.readPointer();
      this.#lastPollProblem = null;
      const promoted = pointer === null ? null : { runId: pointer.run_id, identifier: pointer.identifier };
      const { identifier } = this.#settings;
      const failed = again ? null : this.#failed;
      const next = nextRollout({ servingRunId: serving, promoted, identifier, failed }, this.#clock.nowUs());
      if (next.action === 'keep') {
        // A version that waits for its next try keeps the reason for which it failed.
        if (failed === null || failed.runId !== promoted?.runId) this.#reason = next.reason;
        return { loaded: false, runId: serving, reason: this.#reason };
      }
      return await this.#take(next.runId, promoted?.identifier ?? '');
    } catch (error) {
      return this.#registryUnreadable(error, serving);
    }
  }

  /** A registry that is down for a day is one line in the log, not one a second. */
  #registryUnreadable(error: unknown, serving: string | null): ReloadOutcome {
    const why = messageOf(error);
    if (this.#lastPollProblem !== why) this.#log.warn('registry cannot be read', { why });
    this.#lastPollProblem = why;
    this.#reason = why;
    return { loaded: false, runId: serving, reason: why };
  }

  async #take(runId: string, identifier: string): Promise<ReloadOutcome> {
    const startUs = this.#clock.nowUs();
    let backend: InferenceBackend | null = null;
    try {
      const fetched = await this.#source.fetchBundle(runId);
      const spec = compileModelSpec(fetched.bundle, identifier);
      backend = await this.#startBackend(fetched, (slot) => verify(fetched.bundle, slot));
      const before = this.#service.lane?.spec.runId ?? null;
      if (this.#stopped) throw new FltsError('FLTS_DRAINING', 'The service is shutting down');
      const released = this.#service.switchTo(new Lane(spec, backend));
      released.catch((error: unknown) => {
        this.#log.error('old model version could not be released', { runId: before, why: messageOf(error) });
      });
      this.#failed = null;
      this.#reason = null;
      this.#metrics.count('inference_model_swaps_total', { result: 'taken' });
      const tookMs = Math.round((this.#clock.nowUs() - startUs) / 1000);
      this.#log.info('model taken', { runId, modelType: spec.modelType, before, tookMs });
      return { loaded: true, runId, reason: null };
    } catch (error) {
      await backend?.close();
      const why = messageOf(error);
      this.#failed = { runId, atUs: this.#clock.nowUs() };
      this.#reason = why;
      this.#metrics.count('inference_model_swaps_total', { result: 'failed' });
      const serving = this.#service.lane?.spec.runId ?? null;
      this.#log.error('model not taken', { runId, serving, why });
      return { loaded: false, runId: serving, reason: why };
    }
  }
}

async function verify(bundle: Bundle, slot: Slot): Promise<void> {
  const difference = await replayGolden(bundle, slot);
  if (difference !== null) {
    throw new FltsError(
      'FLTS_GOLDEN_MISMATCH',
      `Run ${bundle.run_id} does not reproduce its golden window: ${difference}.`,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
