import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import {
  FltsError,
  type IndexEntry,
  type QueueStats,
  type ReloadReply,
  type ScaleReply,
  type Settings,
} from '../../../contract/index.js';
import { restartDelayMs } from '../../../domain/rollout/index.js';
import { findPort } from '../../../http/index.js';
import { probeDevice } from '../../../runtime/index.js';
import { type Log, mergeIndex } from '../../../serving/index.js';
import type { CorePlan } from '../core-plan.js';
import { FleetMember } from './fleet-member.js';
import { MachineRecords } from './machine-records.js';
import type { Handlers } from './process-link.js';
import type { ProcessRecord, QuestionName, Questions } from './questions.js';
import { CHANGE_MS } from './shared-machine.js';
import { replicaName } from '../replica-name.js';

export interface FleetOptions {
  readonly settings: Settings;
  readonly plan: CorePlan;
  readonly log: Log;
  readonly version: string;
}

/** A process that is too busy to say how it is counts with what it said last. */
const LOOK_MS = 1_000;
/** A process that lived this long was well: should it die, it is replaced at once. */
const STEADY_MS = 10_000;

/**
 * The first process: it starts serving processes that share one port, hands them connections in turn (node:cluster),
 * replaces those that die, and answers for all of them. It serves nobody itself.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #records: MachineRecords;
  readonly #members = new Map<number, FleetMember>();
  readonly #failures = new Map<number, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #port = 0;
  #url = '';
  #workers: number;
  /** What the processes' names begin with. */
  readonly #replicaName: string;
  #isUp = false;
  #stopping: Promise<boolean> | null = null;
  #lostAny = false;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#workers = options.plan.workers;
    this.#replicaName = replicaName(options.settings.replicaId);
    this.#records = new MachineRecords(this.#replicaName);
  }

  get url(): string {
    return this.#url;
  }

  /** Returns once all processes have looked for a model. Throws what stopped the first that could not start. */
  async start(): Promise<void> {
    const { settings, plan, log } = this.#options;
    if (settings.device === 'cuda') await probeDevice(settings.device);
    this.#port = await findPort(settings.host, settings.port);
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./serving-process.js', import.meta.url)),
      args: [],
      // Figures that are not finite are no JSON.
      serialization: 'advanced',
    });
    // However this process ends, none of the others outlives it at work.
    process.on('exit', () => {
      for (const member of this.#members.values()) member.kill();
    });
    const slots = Array.from({ length: plan.processes }, (_, i) => i + 1);
    try {
      const urls = await Promise.all(slots.map((slot) => this.#startMember(slot, false)));
      this.#url = urls[0] ?? '';
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#isUp = true;
    log.info('serving', { url: this.#url, processes: plan.processes, workers: this.#workers });
  }

  async stats(): Promise<QueueStats> {
    await this.#lookAt('figures', (slot, figures) => {
      this.#records.noteFigures(slot, figures);
    });
    const stats = await this.#records.stats();
    if (stats === null) throw new FltsError('FLTS_PROCESS_FAILED', 'No serving process has said how it is yet.');
    return stats;
  }

  async metricsText(): Promise<string> {
    await this.#lookAt('metrics', (slot, metrics) => {
      this.#records.noteMetrics(slot, metrics);
    });
    return this.#records.metricsText();
  }

  /** Ready when every process that takes connections is: one that is being replaced takes none. */
  async readiness(): Promise<{ ready: boolean; reason: string | null }> {
    if (!this.#isUp) return { ready: false, reason: 'not every process has started' };
    const { status, reason } = await this.stats();
    return status === 'ready' ? { ready: true, reason: null } : { ready: false, reason };
  }

  /** Every model version as all processes have it; one that does not answer in time is left out. */
  async index(): Promise<IndexEntry[]> {
    const answers = await Promise.allSettled(this.#serving().map((member) => member.ask('index', null, LOOK_MS)));
    return mergeIndex(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
  }

  /** Has all processes ask the registry now. */
  async reload(): Promise<ReloadReply> {
    const replies = await Promise.all(this.#serving().map((member) => member.ask('reload', null, CHANGE_MS)));
    const reply = replies.find((one) => one.reason !== null) ?? replies[0];
    if (reply === undefined) throw new FltsError('FLTS_PROCESS_FAILED', 'No process serves right now.');
    return { ...reply, loaded: replies.some((one) => one.loaded) };
  }

  /** Changes the inference threads of each process; one change after the other. */
  scaleWorkers(workers: number): Promise<ScaleReply> {
    const change = this.#changing.then(async () => {
      const before = this.#workers;
      this.#workers = workers;
      try {
        await this.#scaleAll(workers);
      } catch (error) {
        this.#workers = before;
        await this.#scaleAll(before);
        throw error;
      }
      return { workers, before, processes: this.#serving().length };
    });
    this.#changing = change.catch(() => undefined);
    return change;
  }

  /** All processes answer what is under way and end; true when nothing was lost. Further calls wait for the first. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  #serving(): FleetMember[] {
    return [...this.#members.values()].filter((member) => member.hasStarted);
  }

  async #scaleAll(workers: number): Promise<void> {
    const results = await Promise.allSettled(this.#serving().map((member) => member.ask('scale', workers, CHANGE_MS)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #lookAt<Name extends 'figures' | 'metrics'>(
    name: Name,
    note: (slot: number, answer: Questions[Name & QuestionName]['answer']) => void,
  ): Promise<void> {
    await Promise.all(
      this.#serving().map((member) =>
        member.ask(name, null, LOOK_MS).then(
          (answer) => {
            // What came from a process that has gone meanwhile is in the records already.
            if (this.#members.get(member.slot) === member) note(member.slot, answer);
          },
          (error: unknown) => {
            this.#options.log.warn('process did not say how it is', { process: member.slot, why: String(error) });
          },
        ),
      ),
    );
  }

  async #startMember(slot: number, isReplacement: boolean): Promise<string> {
    const { settings, version } = this.#options;
    const workers = this.#workers;
    let last: ProcessRecord | null = null;
    const handlers: Handlers = {
      machineReadiness: () => this.readiness(),
      machineStats: () => this.stats(),
      machineMetrics: () => this.metricsText(),
      machineIndex: () => this.index(),
      machineReload: () => this.reload(),
      machineScale: (workers) => this.scaleWorkers(workers),
      leaving: (record) => {
        last = record;
        return Promise.resolve(null);
      },
    };
    const member = new FleetMember(slot, performance.now(), handlers, (gone, why) => {
      this.#onGone(gone, why, last);
    });
    this.#members.set(slot, member);
    const url = await member.start({
      settings: { ...settings, port: this.#port, workers },
      version,
      replicaId: `${this.#replicaName}-${slot}`,
      slot,
      listensWhenReady: isReplacement,
    });
    // Scaled while it started: it could not be told.
    if (workers !== this.#workers) await member.ask('scale', this.#workers, CHANGE_MS);
    return url;
  }

  #onGone(member: FleetMember, why: string, last: ProcessRecord | null): void {
    const { slot, pid } = member;
    this.#members.delete(slot);
    this.#records.retire(slot, last);
    if (this.#stopping !== null || !this.#isUp) {
      // Who had to go without a word left requests behind.
      if (last === null && member.hasStarted) this.#lostAny = true;
      return;
    }
    if (last !== null) this.#options.log.info('process left', { process: slot, pidBefore: pid });
    else if (member.hasStarted) this.#options.log.error('process lost', { process: slot, pidBefore: pid, why });
    if (performance.now() - member.startedAtMs >= STEADY_MS) this.#failures.delete(slot);
    this.#replaceLater(slot);
  }

  #replaceLater(slot: number): void {
    const inARow = this.#failures.get(slot) ?? 0;
    this.#failures.set(slot, inARow + 1);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#records.noteRestart();
      this.#startMember(slot, true).then(
        () => {
          this.#options.log.info('process replaced', { process: slot });
        },
        (error: unknown) => {
          if (this.#stopping !== null) return;
          const why = error instanceof Error ? error.message : String(error);
          this.#options.log.error('process could not be replaced', { process: slot, why });
          // It may hang instead of having ended; its end brings the next try.
          this.#members.get(slot)?.kill();
        },
      );
    }, restartDelayMs(inARow));
    this.#timers.add(timer);
  }

  async #stopAll(): Promise<boolean> {
    for (const timer of this.#timers) clearTimeout(timer);
    const { drainNoticeMs, drainGraceMs } = this.#options.settings;
    const members = [...this.#members.values()];
    const clean = await Promise.all(members.map((member) => member.stop(drainNoticeMs + drainGraceMs)));
    return clean.every(Boolean) && !this.#lostAny;
  }
}
