import type { IndexEntry } from '../../contract/index.js';
import type { Clock, Random } from '../ports.js';
import type { ModelManager, ReloadOutcome } from './model-manager.js';
import type { VersionRecord } from './version-record.js';

/** A look comes up to this share of the time between looks earlier or later: replicas that started together drift apart. */
const JITTER = 0.1;

/** All models of the service, each followed by a manager of its own; the first answers where none is asked for. */
export class ModelCatalogue {
  readonly #first: ModelManager;
  readonly #managers: readonly ModelManager[];
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #random: Random;
  #stopTimer: () => void = () => undefined;
  #stopped = false;

  constructor(managers: readonly [ModelManager, ...ModelManager[]], clock: Clock, pollMs: number, random: Random) {
    [this.#first] = managers;
    this.#managers = managers;
    this.#clock = clock;
    this.#pollMs = pollMs;
    this.#random = random;
  }

  /** Why no version of the first model serves, or why the wanted one does not; null when all is well. */
  get reason(): string | null {
    return this.#first.reason;
  }

  /** Looks once, then goes on looking about every `pollMs`. */
  async start(): Promise<void> {
    await this.look(false);
    this.#schedule();
  }

  /** Looks no more; waits for looks under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopTimer();
    await Promise.all(this.#managers.map((manager) => manager.stop()));
  }

  /** Has every model look at its registry now; what became of the first. See ModelManager.look. */
  async look(again: boolean): Promise<ReloadOutcome> {
    const [first] = await Promise.all(this.#managers.map((manager) => manager.look(again)));
    return first ?? { loaded: false, runId: null, reason: this.reason };
  }

  /**
   * Every version that is loaded, on its way, or does not serve although it should, as `/v2/repository/index` has it;
   * and one without a version where the registry names none: it cannot be read, or has none.
   */
  index(): IndexEntry[] {
    return this.#managers.flatMap((manager) => {
      const name = manager.model.name ?? 'default';
      const entries = manager.records.map((record) => entryOf(name, record));
      const problem = manager.registryProblem;
      if (problem === null) return entries;
      return [...entries, { name, version: '', state: 'UNAVAILABLE' as const, reason: problem.why }];
    });
  }

  /** Loaded versions with what there is to count; `isMain` for the one that answers where none is asked for. */
  loaded(): { readonly record: VersionRecord; readonly name: string; readonly isMain: boolean }[] {
    return this.#managers.flatMap((manager) =>
      manager.records
        .filter(({ lane }) => lane !== null)
        .map((record) => ({
          record,
          name: manager.model.name ?? 'default',
          isMain: record.runId === manager.mainRunId,
        })),
    );
  }

  /** Versions that should serve and do not, by the code of what is wrong. */
  problems(): { readonly name: string; readonly runId: string; readonly code: string }[] {
    return this.#managers.flatMap((manager) =>
      manager.records.flatMap(({ runId, code }) =>
        code === null ? [] : [{ name: manager.model.name ?? 'default', runId, code }],
      ),
    );
  }

  /** Models whose registry cannot be read, by the code of what is wrong. */
  registryProblems(): { readonly name: string; readonly code: string }[] {
    return this.#managers.flatMap(({ model, registryProblem }) => {
      const code = registryProblem?.code ?? null;
      return code === null ? [] : [{ name: model.name ?? 'default', code }];
    });
  }

  #schedule(): void {
    if (this.#stopped) return;
    const share = 1 + JITTER * (2 * this.#random.next() - 1);
    this.#stopTimer = this.#clock.schedule(this.#pollMs * 1000 * share, () => {
      void this.look(false).then(() => {
        this.#schedule();
      });
    });
  }
}

/** States as Triton's and the Open Inference Protocol's repository extension call them. */
function entryOf(name: string, { runId, state, reason }: VersionRecord): IndexEntry {
  const entry = { name, version: runId, reason: reason ?? '' };
  if (state === 'serving') return { ...entry, state: 'READY' };
  if (state === 'draining') return { ...entry, state: 'UNLOADING' };
  if (state === 'failed' || state === 'released') return { ...entry, state: 'UNAVAILABLE' };
  if (state === 'standby') {
    return {
      ...entry,
      state: 'UNAVAILABLE',
      reason: reason ?? 'replaced; kept while the version after it is on trial',
    };
  }
  return { ...entry, state: 'LOADING', reason: reason ?? state };
}
