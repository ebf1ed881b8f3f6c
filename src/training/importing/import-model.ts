import { createHash } from 'node:crypto';
import { type AccuracyTableRow, BUNDLE_SCHEMA_VERSION, type Bundle, FltsError } from '../../contract/index.js';
import { EMPTY_CELL_VALUE, type Series, TIME_FEATURES } from '../../domain/forecast/index.js';
import { decodeModel, type ModelMessage } from '../onnx/index.js';
import type { TensorProgram, TensorRuntime } from '../ports.js';
import { adaptModel, originOf } from './adapt-model.js';
import { foreignShape, refused } from './foreign-shape.js';
import { measureImport, spreadOf } from './measure-import.js';
import type { Example } from './read-examples.js';
import type { Scaler } from './read-scaler.js';
import { replayExamples, runtimeReason, windowOf } from './replay-examples.js';

/** A foreign model and what its maker knows about it. */
export interface ForeignModel {
  /** The file's name, for messages and the record. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** In the order of its input; time features by the contract's names. */
  readonly features: readonly string[];
  /** In the order of its output. */
  readonly targets: readonly string[];
  readonly scaler: Scaler;
  readonly examples: readonly [Example, ...Example[]];
  /** Which output is the forecast; null: the only one. */
  readonly output: string | null;
  /** Seconds between rows. */
  readonly frequencyS: number;
  /** Rows that it was not trained on; null: not evaluated. */
  readonly evaluation: Series | null;
}

export interface ImportContext {
  readonly runtime: TensorRuntime;
  /** 32 hexadecimal digits. */
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly libraries: Readonly<Record<string, string>>;
}

export interface ImportedModel {
  readonly bundle: Bundle;
  readonly model: Uint8Array;
  /** Beside every baseline; null when it was not evaluated. */
  readonly table: readonly AccuracyTableRow[] | null;
  readonly scoredRows: number;
}

/** Data columns of a list of features, in its order. Throws FLTS_USAGE when the lists do not make a model. */
export function checkNames(features: readonly string[], targets: readonly string[]): string[] {
  const times: readonly string[] = TIME_FEATURES;
  const columns = features.filter((name) => !times.includes(name));
  const usage = (why: string): FltsError => new FltsError('FLTS_USAGE', why);
  for (const list of [features, targets]) {
    const twice = list.find((name, i) => list.indexOf(name) !== i);
    if (twice !== undefined) throw usage(`'${twice}' is listed twice.`);
    if (list.includes('')) throw usage('A name in the list is empty.');
  }
  if (columns.length === 0) throw usage('--features needs at least one data column.');
  if (targets.length === 0) throw usage('--targets needs at least one name.');
  const unknown = targets.find((name) => !columns.includes(name));
  if (unknown !== undefined) {
    throw usage(`The target '${unknown}' is not among the data columns of --features (${columns.join(', ')}).`);
  }
  return columns;
}

/**
 * Makes a foreign model a bundle: its graph gets the contract's input and output with the scaler inside, and has to
 * answer its examples. Throws FLTS_USAGE, FLTS_MODEL_REFUSED, FLTS_EXAMPLE_MISMATCH, and what `measureImport` throws.
 */
export async function importModel(foreign: ForeignModel, context: ImportContext): Promise<ImportedModel> {
  const columns = checkNames(foreign.features, foreign.targets);
  const [example] = foreign.examples;
  const takesTime = columns.length < foreign.features.length;
  const windowFeatures = takesTime ? [...columns, ...TIME_FEATURES] : columns;
  const shape = { lookback: example.window.length, steps: example.forecast.length };
  const { model, type, origin } = await adapt(foreign, windowFeatures, shape, context.runtime);
  const window = `with windows of ${shape.lookback} rows of ${foreign.features.length} features it does not load: `;
  const program = await load(foreign.file, model, context.runtime, window);
  try {
    const targetStd = spreads(foreign);
    const forecast = await replayExamples(
      { ...foreign, program, windowFeatures, foreignFeatures: foreign.features, targetStd },
      foreign.examples,
    );
    const golden = {
      window: chunk(windowOf(example, windowFeatures, foreign.features), windowFeatures.length),
      forecast: chunk(forecast, foreign.targets.length),
    };
    const facts = { ...shape, windowFeatures, columns, targetStd, golden, model, type, origin };
    const bundle = plainBundle(foreign, facts, context);
    if (foreign.evaluation === null) return { bundle, model, table: null, scoredRows: 0 };
    const { parts, table, rows } = await measureImport(bundle, program, foreign.evaluation);
    const split = { ...bundle.training.split, test_rows: rows };
    const measured = { ...bundle, ...parts, training: { ...bundle.training, split } };
    return { bundle: measured, model, table, scoredRows: rows };
  } finally {
    await program.release();
  }
}

async function adapt(
  foreign: ForeignModel,
  windowFeatures: readonly string[],
  { lookback, steps }: { lookback: number; steps: number },
  runtime: TensorRuntime,
): Promise<ReturnType<typeof adaptModel> & { origin: ReturnType<typeof originOf> }> {
  const { file, bytes, features, targets, output } = foreign;
  const original = await load(file, bytes, runtime);
  const { inputs, outputs } = original;
  await original.release();
  const shape = foreignShape(file, inputs, outputs, { lookback, steps, features, targets, output });
  const decoded = decode(file, bytes);
  const origin = originOf(decoded); // before it is changed
  const plan = {
    shape,
    scaler: foreign.scaler,
    lookback,
    steps,
    windowFeatures,
    foreignFeatures: features,
    targets: targets.length,
  };
  return { ...adaptModel(decoded, plan), origin };
}

/** ONNX Runtime takes texts that are no UTF-8; what goes into a bundle is written anew, and must be good. */
function decode(file: string, bytes: Uint8Array): ModelMessage {
  try {
    return decodeModel(bytes);
  } catch (cause) {
    throw refused(file, `it is damaged: ${runtimeReason(cause)}`, cause);
  }
}

async function load(file: string, model: Uint8Array, runtime: TensorRuntime, when = ''): Promise<TensorProgram> {
  return await runtime.load(model).catch((cause: unknown) => {
    throw refused(file, `${when}${runtimeReason(cause)}`, cause);
  });
}

/** Spread of each target: what the standard scaler holds, else the evaluated rows, else the examples. */
function spreads({ targets, features, scaler, examples, evaluation }: ForeignModel): number[] {
  const measured = evaluation === null ? [] : spreadOf({ targets: [...targets] }, evaluation);
  return targets.map((name, target) => {
    const known = scaler.targets[target]?.std ?? null;
    if (known !== null) return known;
    if (measured[target] !== undefined) return measured[target];
    const feature = features.indexOf(name);
    return standardDeviation(
      examples.flatMap(({ window, forecast }) => [
        ...window.map((row) => row[feature] ?? 0),
        ...forecast.map((row) => row[target] ?? 0),
      ]),
    );
  });
}

function standardDeviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

interface PlainFacts {
  readonly lookback: number;
  readonly steps: number;
  readonly windowFeatures: readonly string[];
  readonly columns: readonly string[];
  readonly targetStd: readonly number[];
  readonly golden: Bundle['golden'];
  readonly model: Uint8Array;
  readonly type: Bundle['model_type'];
  readonly origin: ReturnType<typeof originOf>;
}

/** The bundle of a model about which only its examples are known: no accuracy, no intervals, no history. */
function plainBundle(foreign: ForeignModel, facts: PlainFacts, context: ImportContext): Bundle {
  const { file, bytes, features, targets, scaler, frequencyS } = foreign;
  const { lookback, steps, windowFeatures, columns, golden, model, type, origin } = facts;
  const unknown = { relative_mae: null, score: null, rmse: null, mae: null, mse: null };
  const config = { features, targets, scaler, lookback, steps, frequencyS };
  return {
    schema_version: BUNDLE_SCHEMA_VERSION,
    run_id: context.runId,
    model_type: type,
    imported: { file, sha256: digest(bytes), ...origin },
    created: context.created,
    lookback,
    steps,
    frequency_s: frequencyS,
    features: [...windowFeatures],
    targets: [...targets],
    model_sha256: digest(model),
    fill: { rule: 'constant', values: Object.fromEntries(columns.map((name) => [name, EMPTY_CELL_VALUE])) },
    target_std: [...facts.targetStd],
    training: {
      sources: [],
      data_sha256: digest(JSON.stringify(foreign.examples)),
      config_hash: digest(JSON.stringify(config)),
      seed: 0,
      split: { train_rows: 0, validation_rows: 0, test_rows: 0 },
      hyperparameters: {},
      libraries: { ...context.libraries },
      duration_s: 0,
    },
    accuracy: { rows: [], ...unknown },
    residuals: { horizons: steps, n: 0, log_offset: targets.map(() => 0), values: '' },
    baselines: {},
    history: { start: '1970-01-01T00:00:00', rows: 0, columns: {} },
    golden,
  };
}

function chunk(values: Float32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) => [
    ...values.subarray(row * width, (row + 1) * width),
  ]);
}

function digest(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
