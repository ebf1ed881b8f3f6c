import type { LoadPlan } from '../../domain/arrivals/index.js';
import type { Connection, Exchange, ExchangeFailure } from './http-connection.js';
import type { OpenAccount } from './messages.js';
import type { PreparedRequest } from './request-source.js';

/** A finished request, handed over after what was due meanwhile is on its way. */
export type RecordRequest = (user: number, intendedUs: number, request: PreparedRequest, exchange: Exchange) => void;

/** Whoever sends this generator's share of a phase: closed users, or open arrivals. */
export interface Crew {
  /** Closed users of this generator; 0 for open arrivals. */
  readonly users: number;
  readonly connections: readonly Connection[];
  /** How open arrivals went; null for closed users. */
  readonly account: OpenAccount | null;
  /** Begins; calls back once, when the last answer is there. */
  start(plan: LoadPlan, record: RecordRequest, finished: () => void): void;
  /** Sends nothing more; answers under way are still awaited. */
  stop(): void;
  /** Gives up everything that began before that time. */
  expire(beforeUs: number, failure: ExchangeFailure): void;
}
