import type { ScenarioExpect } from '../../contract/index.js';
import type { LoadPlan } from '../../domain/arrivals/index.js';
import type { BodyPlan } from '../payload/body-plan.js';
import type { CheckMode } from './answer-check.js';
import type { ConnectionSettings, Endpoint } from './http-connection.js';
import type { OwnDelayFigures } from './own-delay.js';
import type { ProcessorUse } from './processor-use.js';

/** What coordinator and generator processes say to each other (structured clones over the IPC channel). */

export interface RequestPlan {
  readonly endpoint: Endpoint;
  readonly connection: ConnectionSettings;
  readonly method: string;
  readonly path: string;
  readonly hostHeader: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A fixed body (JSON text, ASCII), or null for none; ignored where there are windows. */
  readonly body: string | null;
  readonly windows: BodyPlan | null;
  readonly check: CheckMode;
  readonly expect: ScenarioExpect;
  readonly timeoutMs: number;
}

export interface Configure {
  readonly type: 'configure';
  readonly request: RequestPlan;
  /** What the instrument's floor is measured on, or null. */
  readonly nullRequest: RequestPlan | null;
  /** Zero of the run's clock, ms since the epoch (fractions of ms). */
  readonly epochMs: number;
  /** This generator among all of the run, those of other shards included. */
  readonly generator: number;
  readonly generators: number;
}

export interface Prepare {
  readonly type: 'prepare';
  readonly phase: number;
  /** As it will begin, at a time that is not known yet. */
  readonly plan: LoadPlan;
  /** Open arrivals: requests under way at once, of this generator. */
  readonly maxInFlight: number;
  readonly useNullRequest: boolean;
}

export interface Begin {
  readonly type: 'begin';
  readonly phase: number;
  readonly plan: LoadPlan;
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

/**
 * A batch on its way over the channel. Strings one by one would cost more than everything else: names that repeat are
 * sent once, Server-Timing as one text.
 */
export interface PackedBatch {
  readonly type: 'samples';
  readonly phase: number;
  readonly count: number;
  readonly numbers: Float64Array;
  /** Different replicas and model runs of the batch; the first is ''. */
  readonly words: readonly string[];
  /** By sample: replica, model run, as places in `words`. Null where all are ''. */
  readonly wordAt: Uint16Array | null;
  /** One line a sample; null where all are empty. */
  readonly serverTiming: string | null;
  readonly examples: Readonly<Record<string, string>>;
}

/** Samples of one phase, column by column. */
export interface SampleBatch {
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

/** How open arrivals went, by the generator's own count. */
export interface OpenAccount {
  /** Arrivals whose time came. */
  readonly due: number;
  /** Of these, handed to a connection, or to the wait for one, before the phase was over. */
  readonly started: number;
  /** Given up because too many were waiting for a connection already. */
  readonly dropped: number;
  /** Integral over the phase of the requests between their start and their answer, µs. */
  readonly inFlightUs: number;
}

/** How a generator got through a phase. */
export interface GeneratorReport {
  readonly users: number;
  readonly elu: number;
  readonly cpuS: number;
  /** Null where the system does not say. */
  readonly processor: ProcessorUse | null;
  /** What the generator itself added to response times. */
  readonly ownDelayMs: OwnDelayFigures;
  readonly connectionsOpened: number;
  /** How open arrivals went; null for closed users. */
  readonly open: OpenAccount | null;
}

export interface PhaseDone {
  readonly type: 'phase_done';
  readonly phase: number;
  readonly report: GeneratorReport;
}

export type FromGenerator =
  | { readonly type: 'configured' }
  /** `problem`: why a connection could not be opened, or null. */
  | { readonly type: 'prepared'; readonly phase: number; readonly problem: string | null }
  | PackedBatch
  | PhaseDone
  | { readonly type: 'fatal'; readonly text: string };
