/**
 * What the HTTP thread and an inference thread say to each other. Buffers are transferred, never copied: who has
 * sent one has it no more until it comes back. Times are microseconds of the process's monotonic clock, which all
 * threads share.
 */

export interface LoadMessage {
  readonly kind: 'load';
  readonly modelPath: string;
  readonly lookback: number;
  readonly features: number;
  readonly steps: number;
  readonly targets: number;
  /** Batch sizes to run once before the thread says that it is ready. */
  readonly warmUpRows: readonly number[];
}

export interface RunMessage {
  readonly kind: 'run';
  readonly rows: number;
  /** float32 [≥ rows, lookback, features]. */
  readonly window: ArrayBuffer;
  /** float32 [≥ rows, steps, targets]; the thread writes it. */
  readonly forecast: ArrayBuffer;
}

export type ToWorker = LoadMessage | RunMessage;

export interface LoadedMessage {
  readonly kind: 'loaded';
  readonly loadMs: number;
}

export interface LoadFailedMessage {
  readonly kind: 'load_failed';
  readonly message: string;
}

export interface RanMessage {
  readonly kind: 'ran';
  readonly startUs: number;
  readonly endUs: number;
  readonly window: ArrayBuffer;
  readonly forecast: ArrayBuffer;
}

export interface RunFailedMessage {
  readonly kind: 'run_failed';
  readonly message: string;
  readonly window: ArrayBuffer;
  readonly forecast: ArrayBuffer;
}

export type FromWorker = LoadedMessage | LoadFailedMessage | RanMessage | RunFailedMessage;
