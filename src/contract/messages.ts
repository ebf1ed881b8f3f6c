/**
 * What the HTTP thread and an inference thread say to each other. Windows and forecasts lie in memory that both
 * share, and messages only say whose turn it is: after `run` the inference thread's, after its answer the HTTP
 * thread's. (Transferring buffers to and fro cost the HTTP thread a tenth of its time.) That a run has ended is also
 * written to shared memory, because a message is read only once in a turn of the event loop, and a turn may be long.
 * Times are microseconds of the process's monotonic clock, which all threads share.
 */

/** What computes: ONNX Runtime's execution provider of that name. */
export type Device = 'cpu' | 'cuda';

export interface LoadMessage {
  readonly kind: 'load';
  /** The model file: the first `modelBytes` of the memory; and its digest in hex as the bundle has it. */
  readonly model: SharedArrayBuffer;
  readonly modelBytes: number;
  readonly sha256: string;
  readonly device: Device;
  readonly lookback: number;
  readonly features: number;
  readonly steps: number;
  readonly targets: number;
  /** Most rows in one run. */
  readonly maxRows: number;
  /** Batch sizes to run once before the thread says that it is ready. */
  readonly warmUpRows: readonly number[];
  /** float32 [maxRows, lookback, features]. */
  readonly window: SharedArrayBuffer;
  /** float32 [maxRows, steps, targets]. */
  readonly forecast: SharedArrayBuffer;
  /** The end of the last run: `RUN_END_BYTES`, read and written by `RunEnd`. */
  readonly runEnd: SharedArrayBuffer;
}

export interface RunMessage {
  readonly kind: 'run';
  /** The first rows of `window` are to be run, into the first of `forecast`. */
  readonly rows: number;
}

export type ToWorker = LoadMessage | RunMessage;

/** Said on the way: the model's bytes are those of the bundle; the runtime has taken them, with the right shapes. */
export interface LoadStepMessage {
  readonly kind: 'load_step';
  readonly step: 'digest_checked' | 'loaded';
}

/** The model is loaded and has run its warm-up. */
export interface LoadedMessage {
  readonly kind: 'loaded';
  readonly loadMs: number;
}

export interface LoadFailedMessage {
  readonly kind: 'load_failed';
  readonly message: string;
}

/** A run has ended well, as its `RunEnd` says; it may have been seen there before. */
export interface RanMessage {
  readonly kind: 'ran';
}

export interface RunFailedMessage {
  readonly kind: 'run_failed';
  readonly message: string;
}

export type FromWorker = LoadStepMessage | LoadedMessage | LoadFailedMessage | RanMessage | RunFailedMessage;
