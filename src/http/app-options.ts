import type { QueueStats } from '../contract/index.js';
import type { Clock, Log, ModelManager, PredictionService, RequestLedger } from '../serving/index.js';
import type { KeyDigests } from './api-keys.js';

/** The metrics as a scraper reads them. */
export interface MetricsPage {
  readonly contentType: string;
  text(): Promise<string>;
  observeHttp(labels: { method: string; route: string; status: string }, seconds: number): void;
}

/** Everything that the HTTP room needs; made by the composition root. */
export interface AppOptions {
  readonly service: PredictionService;
  readonly manager: ModelManager;
  readonly ledger: RequestLedger;
  readonly metrics: MetricsPage;
  readonly queueStats: () => QueueStats;
  /** From the process's start until the first model served, ms; null before. */
  readonly startupReadyMs: () => number | null;
  /** Told of every request that begins (1) and ends (-1). */
  readonly noteRequests: (change: 1 | -1) => void;
  readonly clock: Clock;
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
