import type { Clock, ConnectionLives, Log, PredictionService, RequestLedger } from '../serving/index.js';
import type { KeyDigests } from './api-keys.js';
import type { MachineView } from './machine-view.js';

/** What the routes know of the metrics. */
export interface MetricsPage {
  readonly contentType: string;
  observeHttp(labels: { method: string; route: string; status: string }, seconds: number): void;
}

/** Everything that the HTTP room needs; made by the composition root. */
export interface AppOptions {
  readonly service: PredictionService;
  readonly ledger: RequestLedger;
  readonly metrics: MetricsPage;
  readonly machine: MachineView;
  /** From the process's start until the first model served, ms; null before. */
  readonly startupReadyMs: () => number | null;
  /** Told of every request that begins (1) and ends (-1). */
  readonly noteRequests: (change: 1 | -1) => void;
  readonly clock: Clock;
  readonly connections: ConnectionLives;
  readonly log: Log;
  readonly replicaId: string;
  readonly bodyLimitBytes: number;
  /** Longest time in which the headers, and then the whole request, may arrive, ms. */
  readonly receiveTimeoutMs: number;
  /** Digest of the admin token; null: the admin routes are not there. */
  readonly adminDigest: Buffer | null;
  /** Digests of API keys; null: no key is asked for. */
  readonly keys: KeyDigests | null;
  /** Start of the request ids: two processes should not count the same. */
  readonly firstRequestId: number;
}
