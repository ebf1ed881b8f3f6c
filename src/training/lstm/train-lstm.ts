import { seededRandom } from '../../domain/arrivals/index.js';
import { Adam } from '../gradient/adam.js';
import type { TensorData, TensorProgram, TensorRuntime } from '../ports.js';
import { lstmProgram } from './lstm-program.js';
import { copyLstmWeights, initialLstmWeights, type LstmShape, type LstmWeights } from './lstm-weights.js';

/**
 * Windows of one series: a window that starts at row i reads rows i … i + lookback − 1 and predicts what follows. A
 * network with `width` targets predicts row i + lookback; with a multiple of it, as many rows from there.
 */
export interface LstmExamples {
  /** [rows, features], standardised. */
  readonly inputs: Float32Array;
  /** [rows, width], standardised. */
  readonly targets: Float32Array;
  /** Columns of `targets`; the network's targets are a multiple of it. */
  readonly width: number;
  /** First rows of the windows to use: every window must be whole, and the rows after it known. */
  readonly starts: Int32Array;
}

export interface LstmTrainingOptions {
  readonly shape: LstmShape;
  /** At least 1. */
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Share of each target in the loss; mean 1. All the same when left out. */
  readonly importance?: readonly number[];
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** 0..1 within the whole training. */
  readonly fraction: number;
  /** Mean absolute error (weighted by importance) in standardised units over the epoch so far. */
  readonly loss: number;
  /** The same over the validation part, after the epoch; null within it, and without a validation part. */
  readonly validationLoss: number | null;
}

export interface TrainedLstm {
  readonly weights: LstmWeights;
  /** The epoch that the weights are from; 0 when training was stopped before the first one ended. */
  readonly epoch: number;
  /** Mean absolute error on the validation part, standardised units; null without one. */
  readonly validationLoss: number | null;
}

/** Rows of one run when only forecasts are wanted. */
const FORECAST_BATCH = 512;
/** Batches between two reports. */
const REPORT_EVERY_BATCHES = 16;

/**
 * Trains with (weighted) L1 loss, Adam and a cosine-decayed learning rate (Loshchilov, Hutter, "SGDR", 2017, without restarts).
 * With a validation part the weights of its best epoch are answered, else those of the last. The same seed, data and
 * options give the same weights on the same machine. An aborted signal ends training after the running batch; the best
 * weights so far are answered.
 */
export async function trainLstm(
  runtime: TensorRuntime,
  train: LstmExamples,
  validation: LstmExamples | null,
  options: LstmTrainingOptions,
  onReport: (report: EpochReport) => void,
  signal: AbortSignal,
): Promise<TrainedLstm> {
  const random = seededRandom(options.seed);
  const weights = initialLstmWeights(options.shape, random);
  const importance = options.importance ?? new Array<number>(options.shape.targets).fill(1);
  // A signal may change while a batch is awaited.
  const wasAborted = (): boolean => signal.aborted;
  const program = await runtime.load(lstmProgram(weights, importance));
  const forecaster = validation === null ? null : await LstmForecaster.open(runtime, weights);
  const adam = new Adam(weights.tensors.map(({ data }) => data));
  const order = train.starts.slice();
  const batches = Math.max(1, Math.floor(order.length / options.batch));
  const totalBatches = batches * options.epochs;
  let best: TrainedLstm = { weights: copyLstmWeights(weights), epoch: 0, validationLoss: null };
  try {
    for (let epoch = 1; epoch <= options.epochs && !wasAborted(); epoch++) {
      shuffle(order, random);
      let lossSum = 0;
      for (let i = 0; i < batches && !wasAborted(); i++) {
        const done = (epoch - 1) * batches + i;
        const rate = (options.learningRate * (1 + Math.cos((Math.PI * done) / totalBatches))) / 2;
        const starts = order.subarray(i * options.batch, Math.min(order.length, (i + 1) * options.batch));
        lossSum += await trainBatch(program, adam, weights, train, starts, rate, importance);
        if (i % REPORT_EVERY_BATCHES === 0) {
          const fraction = (done + 1) / totalBatches;
          onReport({ epoch, epochs: options.epochs, fraction, loss: lossSum / (i + 1), validationLoss: null });
        }
      }
      // A part of an epoch counts only when there is nothing better.
      if (wasAborted() && best.epoch > 0) break;
      const validationLoss =
        forecaster === null || validation === null
          ? null
          : await forecaster.meanAbsoluteError(weights, validation, importance);
      if (validationLoss === null || best.validationLoss === null || validationLoss < best.validationLoss) {
        best = { weights: copyLstmWeights(weights), epoch, validationLoss };
      }
      const fraction = epoch / options.epochs;
      onReport({ epoch, epochs: options.epochs, fraction, loss: lossSum / batches, validationLoss });
    }
  } finally {
    await program.release();
    await forecaster?.close();
  }
  return best;
}

/** One step of the optimiser; mean absolute error of the batch before it. */
async function trainBatch(
  program: TensorProgram,
  adam: Adam,
  weights: LstmWeights,
  examples: LstmExamples,
  starts: Int32Array,
  learningRate: number,
  importance: readonly number[],
): Promise<number> {
  const { shape, tensors } = weights;
  const y = gatherTargets(examples, starts, shape);
  const outputs = await program.run({
    ...weightFeeds(weights),
    x: gatherWindows(examples, starts, shape),
    y: { data: y, dims: [starts.length, shape.targets] },
    zeros: { data: new Float32Array(starts.length * shape.hidden), dims: [starts.length, shape.hidden] },
  });
  const gradients = tensors.map(({ name }) => outputOf(outputs, `d_${name}`));
  adam.step(gradients, 1 / y.length, learningRate);
  return meanAbsolute(outputOf(outputs, 'forecast'), y, importance);
}

/** The network as a function, without gradients. */
export class LstmForecaster {
  readonly #program: TensorProgram;

  private constructor(program: TensorProgram) {
    this.#program = program;
  }

  static async open(runtime: TensorRuntime, weights: LstmWeights): Promise<LstmForecaster> {
    return new LstmForecaster(await runtime.load(lstmProgram(weights, null)));
  }

  /** Forecasts [starts, targets] in standardised units. */
  async forecast(weights: LstmWeights, examples: LstmExamples): Promise<Float32Array> {
    const { shape } = weights;
    const all = new Float32Array(examples.starts.length * shape.targets);
    for (let from = 0; from < examples.starts.length; from += FORECAST_BATCH) {
      const starts = examples.starts.subarray(from, from + FORECAST_BATCH);
      const outputs = await this.#program.run({
        ...weightFeeds(weights),
        x: gatherWindows(examples, starts, shape),
        zeros: { data: new Float32Array(starts.length * shape.hidden), dims: [starts.length, shape.hidden] },
      });
      all.set(outputOf(outputs, 'forecast'), from * shape.targets);
    }
    return all;
  }

  async meanAbsoluteError(
    weights: LstmWeights,
    examples: LstmExamples,
    importance: readonly number[],
  ): Promise<number> {
    const targets = gatherTargets(examples, examples.starts, weights.shape);
    return meanAbsolute(await this.forecast(weights, examples), targets, importance);
  }

  close(): Promise<void> {
    return this.#program.release();
  }
}

function weightFeeds({ tensors }: LstmWeights): Record<string, TensorData> {
  return Object.fromEntries(tensors.map(({ name, data, dims }) => [name, { data, dims }]));
}

/** Windows as the program wants them: time-major [lookback·batch, features]. */
function gatherWindows(examples: LstmExamples, starts: Int32Array, shape: LstmShape): TensorData {
  const { lookback, features } = shape;
  const data = new Float32Array(lookback * starts.length * features);
  for (let step = 0; step < lookback; step++) {
    starts.forEach((start, i) => {
      const row = (start + step) * features;
      data.set(examples.inputs.subarray(row, row + features), (step * starts.length + i) * features);
    });
  }
  return { data, dims: [lookback * starts.length, features] };
}

function gatherTargets(examples: LstmExamples, starts: Int32Array, shape: LstmShape): Float32Array {
  const data = new Float32Array(starts.length * shape.targets);
  starts.forEach((start, i) => {
    const from = (start + shape.lookback) * examples.width;
    data.set(examples.targets.subarray(from, from + shape.targets), i * shape.targets);
  });
  return data;
}

function outputOf(outputs: Readonly<Record<string, Float32Array>>, name: string): Float32Array {
  const output = outputs[name];
  if (output === undefined) throw new Error(`the program has no output '${name}'`);
  return output;
}

function meanAbsolute(actual: Float32Array, expected: Float32Array, importance: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < expected.length; i++) {
    sum += (importance[i % importance.length] ?? 1) * Math.abs((actual[i] ?? 0) - (expected[i] ?? 0));
  }
  return expected.length === 0 ? 0 : sum / expected.length;
}

/** Fisher–Yates, in place. */
function shuffle(values: Int32Array, random: () => number): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const kept = values[i] ?? 0;
    values[i] = values[j] ?? 0;
    values[j] = kept;
  }
}
