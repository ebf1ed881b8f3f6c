import { type ErrorCode, FltsError, type Pointer } from '../../contract/index.js';
import {
  NEWEST_MAX,
  nextRollout,
  nextWatch,
  type RegistryView,
  type Rollout,
  type RollbackCause,
  type VersionPolicy,
  type WantedVersions,
  wantedVersions,
} from '../../domain/rollout/index.js';
import type { Clock, Log, Metrics, VersionSource } from '../ports.js';
import type { PredictionService } from '../prediction-service.js';
import { bringVersion, type VersionTools } from './bring-version.js';
import { pointerOrLastServed, rememberServed } from './last-served.js';
import type { ServedModel } from './model-table.js';
import { VersionRecord } from './version-record.js';

export interface ManagerSettings {
  /** The model's name in replies; null: as the registry's pointer calls it. */
  readonly name: string | null;
  /** Take only a promotion of this identifier; empty: any. */
  readonly identifier: string;
  readonly policy: VersionPolicy;
  /** How long a new version is on trial beside the one that it replaced, ms; 0: not at all. */
  readonly watchMs: number;
}

export interface ManagerTools extends VersionTools {
  readonly source: VersionSource;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  /** How many more versions may be loaded beside main ones, over all models. */
  readonly room: () => number;
}

/** What one look at the registry led to. */
export interface ReloadOutcome {
  readonly loaded: boolean;
  readonly runId: string | null;
  /** Why nothing was loaded, or only what served last; null when the version at hand is the wanted one. */
  readonly reason: string | null;
}

/** Why the registry names no version that should serve. */
interface RegistryProblem {
  /** Of what went wrong when it was read; null when it was read, and names none. */
  readonly code: ErrorCode | null;
  readonly why: string;
}

/** The version before the main one, kept while that is on trial. */
interface Trial {
  readonly before: VersionRecord;
  readonly sinceUs: number;
}

/** How often the figures of a version on trial are looked at. */
const WATCH_EVERY_US = 250_000;
/** Versions are listed at a change of the pointer, and after this long: it reads every bundle of the registry. */
const LIST_EVERY_US = 10_000_000;
const DEFAULT_IDENTIFIER = 'default';

/**
 * Keeps the versions of one model as its registry and policy want them (domain/rollout decides, domain/rollout/
 * version-state.ts has their states). Whatever goes wrong leaves the version at hand serving, with the reason in the
 * log, in the metrics and in `records`. A new version is on trial for a while beside the one that it replaced, which
 * takes over again at once when the new one is worse; a version that was rolled back does not come back until it is
 * promoted again.
 */
export class ModelManager {
  readonly model: ServedModel;
  readonly #service: PredictionService;
  readonly #tools: ManagerTools;
  readonly #settings: ManagerSettings;
  readonly #records = new Map<string, VersionRecord>();
  #main: VersionRecord | null = null;
  #trial: Trial | null = null;
  /** The promotion whose version was rolled back. */
  #refused: { readonly runId: string; readonly promotedAt: string } | null = null;
  #newest: { readonly runIds: readonly string[]; readonly atUs: number; readonly promoted: string | null } | null =
    null;
  #pointer: Pointer | null = null;
  #registryProblem: RegistryProblem | null = { code: null, why: 'no model was looked for yet' };
  #reason: string | null = 'no model was looked for yet';
  #looking: { readonly outcome: Promise<ReloadOutcome>; readonly again: boolean } | null = null;
  #stopTrial: () => void = () => undefined;
  #stopped = false;

  constructor(service: PredictionService, model: ServedModel, tools: ManagerTools, settings: ManagerSettings) {
    this.#service = service;
    this.model = model;
    this.#tools = tools;
    this.#settings = settings;
  }

  /** Why no version serves, or why the wanted one does not; null when all is well. */
  get reason(): string | null {
    return this.#reason;
  }

  /** Why the registry names no version that should serve; null when it names one. Whatever serves goes on. */
  get registryProblem(): RegistryProblem | null {
    return this.#registryProblem;
  }

  /** Every version that is loaded, on its way, or does not serve although it should. */
  get records(): readonly VersionRecord[] {
    return [...this.#records.values()];
  }

  get mainRunId(): string | null {
    return this.#main?.runId ?? null;
  }

  /** Looks no more; ends a look under way. Versions that are loaded stay. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopTrial();
    this.#tools.source.close?.();
    await this.#looking?.outcome;
  }

  /**
   * Asks the registry now and does what has to be done. `again` tries versions that failed or were rolled back, too.
   * Never rejects: what went wrong is in the outcome.
   */
  look(again: boolean): Promise<ReloadOutcome> {
    // A look under way that would not try them again does not answer who asks for that.
    if (this.#looking !== null && again && !this.#looking.again)
      return this.#looking.outcome.then(() => this.look(true));
    this.#looking ??= {
      again,
      outcome: this.#look(again).finally(() => {
        this.#looking = null;
      }),
    };
    return this.#looking.outcome;
  }

  async #look(again: boolean): Promise<ReloadOutcome> {
    let loaded = false;
    try {
      const { view, failure } = await this.#view(again);
      const wanted = wantedVersions(this.#settings.policy, view, this.#settings.identifier);
      this.#registryProblem = wanted.reason === null ? null : { code: null, why: wanted.reason };
      this.#forget(wanted, again);
      for (let next = this.#next(wanted); ; next = this.#next(wanted)) {
        if (next.action === 'keep' || this.#stopped) {
          this.#reason = next.action === 'keep' ? this.#explained(wanted, next.reason) : this.#reason;
          break;
        }
        if (await this.#act(next, wanted)) loaded = true;
      }
      if (failure !== null) this.#registryUnreadable(failure);
    } catch (error) {
      this.#registryUnreadable(error);
    }
    return { loaded, runId: this.mainRunId, reason: this.#reason };
  }

  /** What the registry says; with a `failure`, what is known of it without asking. */
  async #view(again: boolean): Promise<{ view: RegistryView; failure: unknown }> {
    const { policy } = this.#settings;
    if (policy.kind === 'pinned') return { view: { promoted: null, newest: [] }, failure: null };
    const { pointer, failure } = await pointerOrLastServed(this.#tools.source, this.#main !== null, this.#tools.log);
    this.#pointer = pointer;
    const promoted = pointer === null ? null : { runId: pointer.run_id, identifier: pointer.identifier };
    if (policy.kind === 'latest' || failure !== null) return { view: { promoted, newest: [] }, failure };
    const nowUs = this.#tools.clock.nowUs();
    const known = this.#newest;
    const isOld = known === null || nowUs - known.atUs >= LIST_EVERY_US || known.promoted !== (pointer?.run_id ?? null);
    if (!isOld && !again) return { view: { promoted, newest: known.runIds }, failure };
    const there = await this.#tools.source.list();
    const runIds = there.filter(({ bundle }) => bundle !== null).map(({ runId }) => runId);
    this.#newest = { runIds: runIds.slice(0, NEWEST_MAX), atUs: nowUs, promoted: pointer?.run_id ?? null };
    return { view: { promoted, newest: this.#newest.runIds }, failure };
  }

  /** Failures of versions that nobody wants any more are nobody's concern; `again` gives all another chance. */
  #forget(wanted: WantedVersions, again: boolean): void {
    if (again || this.#refused?.promotedAt !== this.#promotedAt(this.#refused?.runId)) this.#refused = null;
    for (const [runId, { state, failedAtUs }] of this.#records) {
      const isWanted = wanted.main === runId || wanted.beside.includes(runId);
      const isOver = state === 'failed' || (state === 'released' && this.#refused?.runId !== runId);
      if (isOver && (again || !isWanted || failedAtUs === null)) this.#records.delete(runId);
    }
  }

  #promotedAt(runId: string | undefined): string {
    return this.#pointer !== null && this.#pointer.run_id === runId ? this.#pointer.timestamp : '';
  }

  #next(wanted: WantedVersions): Rollout {
    const failed = new Map<string, number>();
    for (const { runId, failedAtUs } of this.#records.values()) if (failedAtUs !== null) failed.set(runId, failedAtUs);
    const beside = this.model.lanes.map(({ spec }) => spec.runId).filter((runId) => runId !== this.mainRunId);
    const rolledBack = this.#refused?.runId ?? null;
    const standby = this.#trial?.before.runId ?? null;
    const room = this.#tools.room();
    const snapshot = { wanted, main: this.mainRunId, beside, standby, failed, rolledBack, room };
    return nextRollout(snapshot, this.#tools.clock.nowUs());
  }

  /** True when a version was loaded or became the main one. */
  async #act(next: Exclude<Rollout, { action: 'keep' }>, wanted: WantedVersions): Promise<boolean> {
    const known = this.#records.get(next.runId);
    if (next.action === 'release') {
      if (known !== undefined) this.#retire(known);
      return false;
    }
    if (next.action === 'turn' && known !== undefined) {
      this.#switchTo(known, wanted, this.#tools.clock.nowUs());
      return true;
    }
    return await this.#load(next.runId, wanted, next.action === 'add');
  }

  async #load(runId: string, wanted: WantedVersions, isBeside: boolean): Promise<boolean> {
    const { clock, log, metrics } = this.#tools;
    const startUs = clock.nowUs();
    const record = new VersionRecord(runId);
    this.#records.set(runId, record);
    try {
      record.lane = await bringVersion(record, this.#identifier, this.#tools);
      if (this.#stopped) {
        await record.lane.backend.close();
        throw new FltsError('FLTS_DRAINING', 'The service is shutting down');
      }
      if (isBeside) {
        record.advance('switched');
        this.#service.addBeside(record.lane, this.model);
        log.info('model added', { runId, modelType: record.lane.spec.modelType });
      } else {
        this.#switchTo(record, wanted, startUs);
        if (this.#pointer?.run_id === runId) await rememberServed(this.#tools.source, this.#pointer, log);
      }
      metrics.count('inference_model_swaps_total', { result: 'taken' });
      return true;
    } catch (error) {
      const [code, why] = describe(error);
      record.fail(code, why, clock.nowUs());
      metrics.count('inference_model_swaps_total', { result: 'failed' });
      log.error('model not taken', { runId, serving: this.mainRunId, code, why });
      return false;
    }
  }

  /** The model's name in replies. */
  get #identifier(): string {
    const { name, identifier } = this.#settings;
    return name ?? (identifier || (this.#pointer?.identifier ?? DEFAULT_IDENTIFIER));
  }

  /** The switch falls between batches: those under way end on the version that they began on. */
  #switchTo(record: VersionRecord, wanted: WantedVersions, startUs: number): void {
    const { clock, log } = this.#tools;
    const { lane } = record;
    if (lane === null) throw new Error('a version without workers cannot serve');
    // A version that comes back has served before: it is not put on trial again.
    const isReturn = this.#trial?.before === record;
    if (isReturn) this.#forgetTrial();
    else this.#endTrial();
    const before = this.#main;
    if (record.state !== 'serving') record.advance('switched');
    this.#service.makeMain(lane, this.model);
    this.#main = record;
    const nowUs = clock.nowUs();
    const { runId } = record;
    const facts = { runId, modelType: lane.spec.modelType, before: before?.runId ?? null };
    log.info('model taken', { ...facts, tookMs: Math.round((nowUs - startUs) / 1000) });
    if (before === null || before.lane === null) return;
    if (wanted.beside.includes(before.runId)) this.model.add(before.lane);
    else if (isReturn || this.#settings.watchMs === 0) {
      this.#retire(before);
      return;
    } else before.advance('replaced');
    if (!isReturn && this.#settings.watchMs > 0) this.#beginTrial(before, nowUs);
  }

  #beginTrial(before: VersionRecord, nowUs: number): void {
    const trial = { before, sinceUs: nowUs };
    this.#trial = trial;
    void before.lane?.idle().then(() => {
      if (this.#trial === trial && before.state === 'draining') before.advance('drained');
    });
    this.#watchLater();
  }

  #forgetTrial(): void {
    this.#stopTrial();
    this.#trial = null;
  }

  /** The version before is needed no more, unless it answers who asks for it by version. */
  #endTrial(): void {
    const trial = this.#trial;
    this.#forgetTrial();
    if (trial !== null && trial.before.state !== 'serving') this.#retire(trial.before);
  }

  #watchLater(): void {
    if (this.#stopped) return;
    this.#stopTrial = this.#tools.clock.schedule(WATCH_EVERY_US, () => {
      this.#watch();
    });
  }

  #watch(): void {
    const trial = this.#trial;
    const main = this.#main;
    if (trial === null || main === null || main.lane === null || trial.before.lane === null) return;
    const snapshot = {
      sinceUs: trial.sinceUs,
      watchUs: this.#settings.watchMs * 1000,
      current: main.lane.tally.figures(),
      before: trial.before.lane.tally.figures(),
    };
    const next = nextWatch(snapshot, this.#tools.clock.nowUs());
    if (next.action === 'watch') this.#watchLater();
    else if (next.action === 'trust') this.#endTrial();
    else this.#rollBack(main, trial.before, next.cause, next.reason);
  }

  #rollBack(bad: VersionRecord, before: VersionRecord, cause: RollbackCause, why: string): void {
    if (before.lane === null) throw new Error('a version without workers cannot serve');
    this.#forgetTrial();
    if (before.state !== 'serving') before.advance('switched');
    this.#service.makeMain(before.lane, this.model);
    this.#main = before;
    bad.advance('replaced');
    bad.code = 'FLTS_ROLLED_BACK';
    bad.reason = `rolled back: ${why}`;
    this.#refused = { runId: bad.runId, promotedAt: this.#promotedAt(bad.runId) };
    this.#reason = `run ${bad.runId} was ${bad.reason}`;
    this.#tools.metrics.count('inference_model_rollbacks_total', { cause });
    this.#tools.log.error('model rolled back', { runId: bad.runId, serving: before.runId, cause, why });
    this.#retire(bad);
  }

  /** New requests do not come to it any more; its workers go once it has finished. */
  #retire(record: VersionRecord): void {
    const { lane } = record;
    if (lane === null) return;
    if (this.#trial?.before === record) this.#forgetTrial();
    if (record.state === 'serving') record.advance('replaced');
    this.model.remove(lane);
    const release = async (): Promise<void> => {
      await lane.idle();
      if (record.state === 'draining') record.advance('drained');
      await this.#service.retire(lane);
      record.advance('released');
      record.lane = null;
      // One that was rolled back is remembered with its reason.
      if (this.#records.get(record.runId) === record && record.reason === null) this.#records.delete(record.runId);
    };
    release().catch((error: unknown) => {
      this.#tools.log.error('old model version could not be released', {
        runId: record.runId,
        why: describe(error)[1],
      });
    });
  }

  /** The reason of the wanted version itself says more than that it failed. */
  #explained(wanted: WantedVersions, reason: string | null): string | null {
    const record = reason === null || wanted.main === null ? undefined : this.#records.get(wanted.main);
    return record?.reason ?? reason;
  }

  /** A registry that is down for a day is one line in the log, not one a second. */
  #registryUnreadable(error: unknown): void {
    const [code, why] = describe(error);
    if (this.#registryProblem?.why !== why) this.#tools.log.warn('registry cannot be read', { code, why });
    this.#registryProblem = { code, why };
    this.#tools.metrics.count('inference_registry_failures_total', { code });
    this.#reason = why;
  }
}

function describe(error: unknown): [ErrorCode, string] {
  if (error instanceof FltsError) return [error.code, error.message];
  return ['FLTS_INTERNAL', error instanceof Error ? error.message : String(error)];
}
