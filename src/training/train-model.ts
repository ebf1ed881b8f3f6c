import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AccuracyTableRow, type Bundle, FltsError } from '../contract/index.js';
import {
  cleanOrigins,
  firstDisagreement,
  type RidgeModel,
  type Series,
  sliceSeries,
  standardDeviations,
} from '../domain/forecast/index.js';
import { type BaselineSet, baselineForecasts, fitBaselines } from './evaluation/baseline-set.js';
import { collectResiduals } from './evaluation/residuals.js';
import { type Candidate, modelCandidate, scoreCandidates, scoredRows } from './evaluation/score-candidates.js';
import { fitNetworks, plannedWork, validationRows } from './fit-networks.js';
import { makeBundle, type TrainingFacts } from './make-bundle.js';
import { exportGraph, type Members } from './model/export-graph.js';
import { type FeatureSpace, fitFeatureSpace, rawWindows } from './model/feature-space.js';
import { referenceForecast } from './model/reference-forecast.js';
import { runWindows } from './model/run-graph.js';
import type { TensorRuntime } from './ports.js';
import {
  checkSize,
  completeSettings,
  HELD_OUT_SHARE,
  type ModelKind,
  TABLE_HORIZONS,
  type TrainSettings,
} from './train-options.js';
import { type OnTrainProgress, ProgressMeter } from './train-progress.js';

/** Windows on which the exported graph is held against the trainer. */
const PARITY_WINDOWS = 64;

/** What a training needs beside its rows. */
export interface TrainContext {
  readonly runtime: TensorRuntime;
  /** A fresh run id, 32 hexadecimal digits. */
  readonly newRunId: () => string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** Versions of what computes, by name: recorded. */
  readonly libraries: Readonly<Record<string, string>>;
  readonly sources: Bundle['training']['sources'];
  readonly onProgress: OnTrainProgress;
  /** An abort keeps the best network so far and finishes with it. */
  readonly signal: AbortSignal;
}

export interface TrainedModel {
  readonly name: ModelKind;
  readonly bundle: Bundle;
  readonly model: Uint8Array;
}

export interface TrainResult {
  /** What was asked for, then, for an ensemble, its members: each a bundle of its own. */
  readonly models: readonly [TrainedModel, ...TrainedModel[]];
  /** All models and baselines on the held-out rows. */
  readonly table: readonly AccuracyTableRow[];
  readonly heldOutRows: number;
  /** Epochs that validation chose; null without a network. */
  readonly epochs: number | null;
  readonly interrupted: boolean;
}

/** Members fitted on one set of rows, with the space that they share. */
interface Fitted {
  readonly space: FeatureSpace;
  readonly series: Series;
  readonly ridge: RidgeModel;
  readonly lstm?: Members['lstm'];
}

/**
 * Trains what the settings ask for on a cleaned series. The last 20 % of the rows are held out for accuracy and
 * intervals; the model that is served is then fitted on all rows. The exported graph is held against the trainer.
 * Throws FLTS_USAGE, FLTS_TOO_LITTLE_DATA, FLTS_INTERRUPTED (nothing learned yet).
 */
export async function trainModel(
  series: Series,
  chosen: Partial<TrainSettings>,
  context: TrainContext,
): Promise<TrainResult> {
  const settings = completeSettings(chosen);
  checkSize(series, settings);
  const startedMs = performance.now();
  const cut = Math.floor(series.rows * (1 - HELD_OUT_SHARE));
  const fit = sliceSeries(series, 0, cut);
  const meter = new ProgressMeter(1, context.onProgress, () => performance.now());
  const networks = settings.model === 'ridge' ? null : await fitAllNetworks(series, fit, settings, meter, context);
  meter.at('baselines and accuracy', 0, 1);
  // A long computation follows: let the progress be drawn and a Ctrl-C be heard.
  await nextTurn();
  const measuredRows = networks?.measured.series ?? fit;
  const measuredBaselines = fitBaselines(measuredRows, settings.lookback, settings.steps);
  const measured = assemble(measuredRows, measuredBaselines, settings, networks?.measured);
  await nextTurn();
  const heldOut = await measure(series, cut, measured, measuredBaselines, settings, context);
  await nextTurn();
  const finalRows = networks?.final.series ?? series;
  const finalBaselines = fitBaselines(finalRows, settings.lookback, settings.steps);
  const final = assemble(finalRows, finalBaselines, settings, networks?.final);
  const fitRows = measuredRows.rows;
  const facts: TrainingFacts = {
    created: context.created,
    settings,
    hyperparameters: hyperparametersOf(settings, networks?.epochs ?? null, context.signal.aborted),
    libraries: context.libraries,
    durationS: (performance.now() - startedMs) / 1000,
    sources: context.sources,
    split: {
      train_rows: fit.rows - (networks === null ? 0 : validationRows(fit.rows)),
      validation_rows: networks === null ? 0 : validationRows(fit.rows),
      test_rows: series.rows - cut,
    },
    series: finalRows,
    space: final.space,
    baselines: finalBaselines,
    table: heldOut.table,
  };
  const models = await bundleAll(final, facts, heldOut.residuals, settings, context);
  const interrupted = context.signal.aborted && fitRows < series.rows && networks !== null;
  return {
    models,
    table: heldOut.table,
    heldOutRows: heldOut.rows,
    epochs: networks?.epochs ?? null,
    interrupted,
  };
}

async function fitAllNetworks(
  series: Series,
  fit: Series,
  settings: TrainSettings,
  meter: ProgressMeter,
  context: TrainContext,
): ReturnType<typeof fitNetworks> {
  meter.replan(plannedWork(settings, fit.rows / series.rows, settings.epochs));
  return await fitNetworks(context.runtime, series, fit, settings, meter, context.signal);
}

function assemble(
  series: Series,
  baselines: BaselineSet,
  settings: TrainSettings,
  network: { weights: Members['lstm']; space: FeatureSpace } | undefined,
): Fitted {
  return {
    series,
    space: network?.space ?? fitFeatureSpace(series, settings.lookback),
    // The baseline in log space is the ridge model.
    ridge: baselines.ridgeLog,
    ...(network?.weights === undefined ? {} : { lstm: network.weights }),
  };
}

/** Which graphs a kind of model consists of, the one asked for first. */
function graphsOf(kind: ModelKind, fitted: Fitted): { name: ModelKind; members: Members }[] {
  const ridge = { name: 'ridge' as const, members: { ridge: fitted.ridge } };
  if (kind === 'ridge' || fitted.lstm === undefined) return [ridge];
  const lstm = { name: 'lstm' as const, members: { lstm: fitted.lstm } };
  if (kind === 'lstm') return [lstm];
  return [{ name: 'ensemble', members: { ridge: fitted.ridge, lstm: fitted.lstm } }, lstm, ridge];
}

interface HeldOut {
  readonly table: AccuracyTableRow[];
  readonly residuals: ReadonlyMap<ModelKind, Bundle['residuals']>;
  readonly rows: number;
}

/** Figures and residuals of everything on the held-out rows, computed by the exported graphs. */
async function measure(
  series: Series,
  cut: number,
  fitted: Fitted,
  baselines: BaselineSet,
  settings: TrainSettings,
  { runtime }: TrainContext,
): Promise<HeldOut> {
  const rows = scoredRows(series, cut, series.rows);
  const horizons = [...new Set([...TABLE_HORIZONS, settings.steps])];
  const candidates: Candidate[] = [];
  const residuals = new Map<ModelKind, Bundle['residuals']>();
  for (const { name, members } of graphsOf(settings.model, fitted)) {
    const program = await runtime.load(exportGraph(fitted.space, members, settings.steps));
    try {
      const model = { program, lookback: settings.lookback, steps: settings.steps };
      const kind = candidates.length === 0 ? 'model' : 'member';
      const candidate = await modelCandidate(name, kind, model, series, { from: cut, to: series.rows }, horizons);
      candidates.push(candidate);
      residuals.set(name, collectResiduals(series, rows, candidate.forecast, settings.steps, fitted.space.scales));
    } finally {
      await program.release();
    }
  }
  for (const baseline of baselineForecasts(baselines, series)) candidates.push({ ...baseline, kind: 'baseline' });
  return { table: scoreCandidates(series, rows, TABLE_HORIZONS, candidates), residuals, rows: rows.length };
}

/** Exports the final graphs, holds each against the trainer, and makes their bundles. */
async function bundleAll(
  fitted: Fitted,
  facts: TrainingFacts,
  residuals: HeldOut['residuals'],
  settings: TrainSettings,
  context: TrainContext,
): Promise<TrainResult['models']> {
  const graphs = graphsOf(settings.model, fitted).map((graph) => ({ ...graph, runId: context.newRunId() }));
  const [main, ...others] = graphs;
  if (main === undefined) throw new RangeError('a training gives at least one model');
  const members = others.map(({ name, runId }) => ({ name, run_id: runId }));
  const finish = async ({ name, members: parts, runId }: typeof main): Promise<TrainedModel> => {
    const model = exportGraph(fitted.space, parts, settings.steps);
    const golden = await verifiedGolden(model, fitted, parts, settings, context.runtime);
    const own = residuals.get(name);
    if (own === undefined) throw new RangeError(`no residuals of ${name}`);
    const type = TYPES[name];
    const isEnsemble = name === 'ensemble';
    const bundle = makeBundle(facts, {
      name,
      type,
      runId,
      model,
      residuals: own,
      golden,
      ...(isEnsemble && { members }),
    });
    return { name, bundle, model };
  };
  const models: [TrainedModel, ...TrainedModel[]] = [await finish(main)];
  for (const other of others) models.push(await finish(other));
  return models;
}

const TYPES = { lstm: 'LSTM', ridge: 'RIDGE', ensemble: 'ENSEMBLE' } as const;

/**
 * The last clean window and the trainer's own forecast of it, after the graph gave the same for windows all over the
 * series (CONTRACT §4's rule).
 */
async function verifiedGolden(
  model: Uint8Array,
  fitted: Fitted,
  members: Members,
  settings: TrainSettings,
  runtime: TensorRuntime,
): Promise<Bundle['golden']> {
  const { series, space } = fitted;
  const width = series.columns.length;
  const all = cleanOrigins(series, settings.lookback, 0, 0, series.rows);
  const stride = Math.max(1, Math.floor(all.length / PARITY_WINDOWS));
  const origins = all.toReversed().filter((_, i) => i % stride === 0);
  const windows = rawWindows(series, origins, settings.lookback);
  const expected = await referenceForecast(runtime, space, members, settings.steps, series, origins);
  const program = await runtime.load(model);
  try {
    const shape = { program, lookback: settings.lookback, steps: settings.steps };
    const actual = await runWindows(shape, windows, origins.length, width);
    const wrong = firstDisagreement(actual, expected, standardDeviations(series));
    if (wrong !== null) {
      throw new FltsError(
        'FLTS_INTERNAL',
        `The exported model answers ${wrong.actual} where the trainer says ${wrong.expected}: it is not kept.`,
      );
    }
  } finally {
    await program.release();
  }
  const features = windows.length / (origins.length * settings.lookback);
  return {
    window: chunk(windows.subarray(0, settings.lookback * features), features),
    forecast: chunk(expected.subarray(0, settings.steps * width), width),
  };
}

function chunk(values: Float32Array | Float64Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width)),
  );
}

function hyperparametersOf(
  settings: TrainSettings,
  epochs: number | null,
  interrupted: boolean,
): Record<string, unknown> {
  const { lookback, steps, hidden, layers, batch, learningRate } = settings;
  if (epochs === null) return { lookback, steps };
  const network = { hidden, layers, batch, learning_rate: learningRate, epochs_max: settings.epochs, epochs };
  return { lookback, steps, ...network, ...(interrupted ? { interrupted: true } : {}) };
}
