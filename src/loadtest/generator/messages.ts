import type { WindowTable } from '../payload/window-table.js';
import type { CheckMode } from './answer-check.js';
import type { Endpoint } from './http-connection.js';

/** What coordinator and generator processes say to each other (structured clones over the IPC channel). */

export interface RequestPlan {
  readonly endpoint: Endpoint;
  readonly method: string;
  readonly path: string;
  readonly hostHeader: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A fixed body (JSON text, ASCII), or null for none; ignored where there are windows. */
  readonly body: string | null;
  readonly windows: WindowTable | null;
  readonly check: CheckMode;
  readonly keepAlive: boolean;
  readonly timeoutMs: number;
}

export interface Configure {
  readonly type: 'configure';
  readonly request: RequestPlan;
  /** What the instrument's floor is measured on, or null. */
  readonly nullRequest: RequestPlan | null;
  /** Zero of the run's clock, ms since the epoch (fractions of ms). */
  readonly epochMs: number;
  readonly generator: number;
  readonly generators: number;
}

export interface Prepare {
  readonly type: 'prepare';
  readonly phase: number;
  readonly users: number;
  readonly useNullRequest: boolean;
}

export interface Begin {
  readonly type: 'begin';
  readonly phase: number;
  readonly users: number;
  readonly thinkUs: number;
  readonly startUs: number;
  /** Infinity where only the number of requests counts. */
  readonly endUs: number;
  readonly requestsPerUser: number;
}

/** Ends the phase now: nothing more is sent, answers under way are awaited for at most `graceMs`. */
export interface EndPhase {
  readonly type: 'end_phase';
  readonly phase: number;
  readonly graceMs: number;
}

export type ToGenerator = Configure | Prepare | Begin | EndPhase | { readonly type: 'exit' };

/** Columns of `SampleBatch.numbers`, in order. */
export const SAMPLE_FIELDS = [
  'user',
  'intendedUs',
  'sentUs',
  'firstByteUs',
  'doneUs',
  'connectionWaitUs',
  'status',
  'failure',
  'bytesOut',
  'bytesIn',
] as const;
export const SAMPLE_WIDTH = SAMPLE_FIELDS.length;

export interface SampleBatch {
  readonly type: 'samples';
  readonly phase: number;
  readonly count: number;
  /** `count` × SAMPLE_WIDTH; firstByteUs NaN = none; failure = index into FAILURE_KINDS, −1 = right answer. */
  readonly numbers: Float64Array;
  readonly serverTiming: readonly string[];
  readonly replica: readonly string[];
  readonly runId: readonly string[];
  /** First failure in words by kind, of this batch. */
  readonly examples: Readonly<Record<string, string>>;
}

export type FromGenerator =
  | { readonly type: 'configured' }
  /** `problem`: why a connection could not be opened, or null. */
  | { readonly type: 'prepared'; readonly phase: number; readonly problem: string | null }
  | SampleBatch
  | {
      readonly type: 'phase_done';
      readonly phase: number;
      readonly users: number;
      readonly elu: number;
      readonly cpuS: number;
      readonly connectionsOpened: number;
    }
  | { readonly type: 'fatal'; readonly text: string };
