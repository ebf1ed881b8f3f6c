import type { Clock, EngineLimits, ModelSpec } from '../../src/serving/index.js';
import { SimulatedBackend, type SimulatedRun } from '../../src/simulation/index.js';

/** Limits that hold back nobody but where a test lowers them. */
export const ENGINE_LIMITS: EngineLimits = {
  maxBatchRows: 32,
  maxQueueDelayUs: 0,
  maxQueueLength: 100,
  maxStepsInFlight: 100_000,
  maxBytesInFlight: 100_000,
  adaptiveConcurrency: false,
  fairShare: true,
  maxActive: Number.POSITIVE_INFINITY,
};

/** Workers that take `baseUs + rowUs · rows` for a batch, and fail as the test orders. Remembers its batches. */
export class FakeBackend extends SimulatedBackend {
  /** Rows of every batch that was begun, in order. */
  readonly batches: number[] = [];
  /** First cell of every row of every batch: which requests were in it. */
  readonly contents: number[][] = [];
  /** How the next batches end; an empty list means well. */
  readonly failures: SimulatedRun['end'][] = [];

  constructor(spec: ModelSpec, clock: Clock, options: { workers?: number; baseUs?: number; rowUs?: number }) {
    const { workers = 1, baseUs = 1000, rowUs = 0 } = options;
    const run = (rows: number, windows: Float32Array): SimulatedRun => {
      const rowSize = spec.lookback * spec.features;
      this.batches.push(rows);
      this.contents.push(Array.from({ length: rows }, (_, r) => windows[r * rowSize] ?? Number.NaN));
      return { durationUs: baseUs + rowUs * rows, end: this.failures.shift() ?? 'well' };
    };
    super(spec, clock, { workers, maxRows: 32, drift: 1, restartUs: 0, run });
  }
}
