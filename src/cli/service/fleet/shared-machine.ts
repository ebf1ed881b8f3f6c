import type { IndexEntry, QueueStats, ReloadReply, ScaleReply } from '../../../contract/index.js';
import type { MachineView } from '../../../http/index.js';
import type { ProcessLink } from './process-link.js';

/** How long a client's question may take that all processes answer from what they have at hand. */
const LOOK_MS = 5_000;
/** Loading a model takes long. */
export const CHANGE_MS = 120_000;

/** All processes that share the port, as the routes of one of them show them: the first process knows. */
export class SharedMachine implements MachineView {
  readonly #link: ProcessLink;

  constructor(link: ProcessLink) {
    this.#link = link;
  }

  readiness(): Promise<{ ready: boolean; reason: string | null }> {
    return this.#link.ask('machineReadiness', null, LOOK_MS);
  }

  stats(): Promise<QueueStats> {
    return this.#link.ask('machineStats', null, LOOK_MS);
  }

  metricsText(): Promise<string> {
    return this.#link.ask('machineMetrics', null, LOOK_MS);
  }

  index(): Promise<readonly IndexEntry[]> {
    return this.#link.ask('machineIndex', null, LOOK_MS);
  }

  reload(): Promise<ReloadReply> {
    return this.#link.ask('machineReload', null, CHANGE_MS);
  }

  scaleWorkers(workers: number): Promise<ScaleReply> {
    return this.#link.ask('machineScale', workers, CHANGE_MS);
  }
}
