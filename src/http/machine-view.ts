import type { IndexEntry, QueueStats, ReloadReply, ScaleReply } from '../contract/index.js';

/**
 * What the routes of health, figures and administration answer from: this process alone, or all that share the port,
 * whichever of them was asked.
 */
export interface MachineView {
  /** `reason`: why it is not ready; null when it is. */
  readiness(): Promise<{ readonly ready: boolean; readonly reason: string | null }>;
  stats(): Promise<QueueStats>;
  /** The metrics in the Prometheus text format. */
  metricsText(): Promise<string>;
  /** Every model version, with its state and what is wrong with it. */
  index(): Promise<readonly IndexEntry[]>;
  /** Asks the registry now. */
  reload(): Promise<ReloadReply>;
  /** Changes the inference threads of each process. Rejects with FltsError; then all is as before. */
  scaleWorkers(workers: number): Promise<ScaleReply>;
}
