/**
 * What the serving engine needs from outside. It reads no clock, no random number and no file itself, so that the
 * same code runs on virtual time with a fake backend (simulation, unit tests) and on worker threads (runtime).
 */
import type { Bundle, CgroupView, CounterName, HistogramName, Pointer, ProcessView } from '../contract/index.js';

/** Monotonic time. */
export interface Clock {
  /** Microseconds since an arbitrary start; never goes back. */
  nowUs(): number;
  /** Calls `action` once, `delayUs` from now or later. The answer cancels it; cancelling twice is harmless. */
  schedule(delayUs: number, action: () => void): () => void;
  /** Calls `action` once, after all that is ready to run now: at the end of this turn of the event loop. */
  afterTurn(action: () => void): void;
}

/** Random numbers; not for secrets. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** One run of a model over `rows` windows. The buffers are the backend's: valid until `release` is called. */
export interface BatchResult {
  /** float32 [rows, steps, targets], raw units. */
  readonly forecast: Float32Array;
  /** When the model began and ended, on the engine's clock. */
  readonly startUs: number;
  readonly endUs: number;
  /** Gives the worker back. Must be called exactly once, after the forecast was read. */
  release(): void;
}

/** A worker that is taken; `window` float32 [maxRows, lookback, features] is written by the taker, then `run`. */
export interface Slot {
  readonly window: Float32Array;
  /**
   * Runs the model over the first `rows` windows. Rejects with `WorkerLostError` when the worker died: the batch
   * may be tried again elsewhere. Any other rejection is the model's own failure: trying again is of no use. After
   * a rejection there is nothing to release.
   */
  run(rows: number): Promise<BatchResult>;
}

/** The worker died under the batch. A prediction is idempotent, so it may be tried again. */
export class WorkerLostError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WorkerLostError';
  }
}

/** Workers that hold one verified model version. */
export interface InferenceBackend {
  readonly workers: number;
  readonly freeWorkers: number;
  /** Takes a free worker; null when there is none. */
  take(): Slot | null;
  /**
   * Takes in runs that have ended since this turn of the event loop began. Cheap: to be called often where a turn may
   * be long, so that a worker does not stand still until it ends.
   */
  poll(): void;
  /** Called whenever a worker became free. */
  onFree(listener: () => void): void;
  /** Ends the workers. Nothing may be running. */
  close(): Promise<void>;
}

/** A bundle that was fetched and whose digest agrees. */
export interface FetchedBundle {
  readonly bundle: Bundle;
  /** Where `model.onnx` lies on this machine. */
  readonly modelPath: string;
}

/** Where models come from; the registry is one. */
export interface ModelSource {
  /** Which version is current; null when none is promoted. Cheap: it is polled. */
  readPointer(): Promise<Pointer | null>;
  /** Throws FltsError when the bundle is missing or damaged. */
  fetchBundle(runId: string): Promise<FetchedBundle>;
  /**
   * A source that can be out of reach remembers on this machine what served last, verified, so that a start without it
   * has something to serve. Null when there is nothing.
   */
  lastServed?(): Promise<Pointer | null>;
  /** Tells such a source what was verified and serves now. */
  noteServed?(pointer: Pointer): Promise<void>;
  /** Ends what is under way; the source is not asked any more. */
  close?(): void;
}

/** Sees to it that the worker behind the slot gives the right answers; rejects with what is wrong. */
export type VerifySlot = (slot: Slot) => Promise<void>;

/** A step on the way of workers to readiness, in this order. */
export type LoadStep = 'digest_checked' | 'loaded' | 'warmed';

/** Where model versions get their workers. */
export interface ModelHost {
  /** About how much memory a version will take, bytes. Throws FLTS_BUNDLE_CORRUPT when its model is not there. */
  neededBytes(fetched: FetchedBundle): Promise<number>;
  /**
   * Starts workers for a bundle: model's digest checked, loaded, warmed and verified, serving nobody yet. `verify` is
   * called for every worker before it may serve, also for those that come later; `onStep` once all have taken a step.
   * Throws FltsError when the model is unusable, WorkerLostError when a worker died meanwhile.
   */
  start(fetched: FetchedBundle, verify: VerifySlot, onStep: (step: LoadStep) => void): Promise<InferenceBackend>;
}

/** A source that also knows which versions there are. */
export interface VersionSource extends ModelSource {
  /** Newest first; `bundle` null for one that is damaged. */
  list(): Promise<readonly { readonly runId: string; readonly bundle: Bundle | null }[]>;
}

/** The memory that the process may still use. */
export interface FreeMemory {
  /** Bytes; null where the platform does not tell. */
  availableBytes(): Promise<number | null>;
}

/** Where figures go; telemetry exports them. Names are of contract/metrics.ts; durations are seconds. */
export interface Metrics {
  count(name: CounterName, labels?: Readonly<Record<string, string>>): void;
  observe(name: HistogramName, value: number): void;
}

/** Where events go that a person may want to read. Facts carry no secrets and no payloads. */
export interface Log {
  info(event: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(event: string, facts?: Readonly<Record<string, unknown>>): void;
  error(event: string, facts?: Readonly<Record<string, unknown>>): void;
}

/** Digest of bytes, for cache keys: equal bytes, equal text; unequal bytes, unequal text for all practical purposes. */
export type Digest = (bytes: Uint8Array) => string;

/** What the kernel says about the process, read at most once in a while. */
export interface SelfView {
  process(): ProcessView;
  cgroup(): CgroupView | null;
  /** How late the HTTP thread's timers fire, ms. */
  eventLoopLagMs(): { readonly last: number; readonly max: number; readonly avg: number };
}
