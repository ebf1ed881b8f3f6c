import { type ErrorCode, ERRORS } from '../../contract/index.js';
import { Figure } from './figure.js';
import type { RequestTiming } from '../scheduling/pending-request.js';
import type { Metrics } from '../ports.js';
import { outcomeOf } from '../prediction-service.js';

/** One request of `/predict` that has ended, in whatever way. */
export interface FinishedRequest {
  /** null: it was answered. */
  readonly code: ErrorCode | null;
  readonly status: number;
  readonly cached: boolean;
  /** Why it was shed; null when it was not. */
  readonly shedReason: string | null;
  readonly timing: RequestTiming;
  readonly parseUs: number;
  readonly postUs: number;
  readonly totalUs: number;
  /** When its answer went out, on the engine's clock. */
  readonly endedAtUs: number;
}

const US = 1e-6;

/** Keeps the figures of ended requests, for `/queue_stats` and for the metrics. */
export class RequestLedger {
  readonly #metrics: Metrics;
  readonly waitMs = new Figure();
  readonly execMs = new Figure();
  readonly prepMs = new Figure();
  readonly #shed = new Map<string, number>();
  completed = 0;
  errors500 = 0;
  lastErrorType: string | null = null;
  servedCached = 0;
  workerRestarts = 0;
  /** When the last request ended, on the engine's clock; 0 before the first. */
  lastEndedUs = 0;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  note(request: FinishedRequest): void {
    const { timing } = request;
    this.completed++;
    this.lastEndedUs = request.endedAtUs;
    if (request.cached) this.servedCached++;
    if (request.code !== null && request.status >= 500) this.lastErrorType = request.code;
    if (request.status === 500) this.errors500++;
    this.prepMs.note(timing.prepUs / 1000);
    if (timing.batchRows > 0 || timing.queueUs > 0) {
      this.waitMs.note(timing.queueUs / 1000);
      this.execMs.note(timing.execUs / 1000);
    }
    this.#metrics.count('inference_jobs_processed_total');
    this.#metrics.count('inference_jobs_outcome_total', {
      outcome: outcomeOf(request.code, request.status, request.cached),
    });
    if (request.shedReason !== null) this.noteShed(request.shedReason);
    this.#metrics.observe('inference_queue_wait_seconds', timing.queueUs * US);
    this.#metrics.observe('inference_latency_seconds', request.totalUs * US);
    this.#metrics.observe('inference_parse_seconds', request.parseUs * US);
    this.#metrics.observe('inference_prep_seconds', timing.prepUs * US);
    this.#metrics.observe('inference_exec_seconds', timing.execUs * US);
    this.#metrics.observe('inference_post_seconds', request.postUs * US);
  }

  noteShed(reason: string): void {
    this.#shed.set(reason, (this.#shed.get(reason) ?? 0) + 1);
    this.#metrics.count('inference_shed_total', { reason });
  }

  noteWorkerLost(): void {
    this.workerRestarts++;
    this.#metrics.count('inference_worker_restarts_total');
  }

  get shedTotal(): Record<string, number> {
    return Object.fromEntries(this.#shed);
  }
}

/** Codes under which a request counts as shed, and the reason that `inference_shed_total` gives. */
const SHED_REASONS: Partial<Readonly<Record<ErrorCode, string>>> = {
  FLTS_QUEUE_FULL: 'queue_full',
  FLTS_STEPS_FULL: 'steps_full',
  FLTS_BYTES_FULL: 'bytes_full',
  FLTS_LIMIT_REACHED: 'limit_reached',
  FLTS_PREDICTED_LATE: 'predicted_late',
  FLTS_OVER_SHARE: 'over_share',
  FLTS_DRAINING: 'draining',
  FLTS_DEADLINE: 'deadline',
  FLTS_CLIENT_GONE: 'client_gone',
  FLTS_NOT_READY: 'not_ready',
};

/** The reason under which a request counts as shed; null for one that was answered or was at fault itself. */
export function shedReasonOf(code: ErrorCode | null): string | null {
  return code === null ? null : (SHED_REASONS[code] ?? null);
}

/** The HTTP status of a catalogue error; those that should never reach a client are 500. */
export function statusOf(code: ErrorCode): number {
  return ERRORS[code].status ?? 500;
}
