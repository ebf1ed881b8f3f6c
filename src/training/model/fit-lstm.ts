import { cleanOrigins, type Series, sliceSeries } from '../../domain/forecast/index.js';
import { type EpochReport, type LstmExamples, type LstmWeights, trainLstm } from '../lstm/index.js';
import type { TensorRuntime } from '../ports.js';
import { type FeatureSpace, featureNames, fitFeatureSpace, standardise } from './feature-space.js';

export interface LstmSettings {
  readonly lookback: number;
  readonly steps: number;
  readonly hidden: number;
  readonly layers: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** Share of the rows that the epoch is chosen on: the last ones. */
export const VALIDATION_SHARE = 0.2;

/**
 * How much each step ahead counts: 1/h², mean 1. Alike for all columns. Far steps are mostly noise that would drown
 * the first one, which clients ask for most (docs/adr/0006).
 */
export function stepImportance(steps: number, columns: number): number[] {
  const raw = Array.from({ length: steps }, (_, i) => 1 / (i + 1) ** 2);
  const mean = raw.reduce((sum, value) => sum + value, 0) / steps;
  return raw.flatMap((value) => new Array<number>(columns).fill(value / mean));
}

type OnReport = (report: EpochReport) => void;

/** Weights of the best epoch on the last 20 % of the rows, trained on those before; epoch 0: stopped before one. */
export async function chooseEpoch(
  runtime: TensorRuntime,
  series: Series,
  settings: LstmSettings,
  onReport: OnReport,
  signal: AbortSignal,
): Promise<{ epoch: number; weights: LstmWeights; space: FeatureSpace; trainRows: number }> {
  const cut = Math.floor(series.rows * (1 - VALIDATION_SHARE));
  const space = fitFeatureSpace(sliceSeries(series, 0, cut), settings.lookback);
  const examples = (from: number, to: number): LstmExamples => ({
    ...standardised,
    starts: starts(series, settings, from, to),
  });
  const standardised = { ...standardise(space, series), width: series.columns.length };
  const { epoch, weights } = await trainLstm(
    runtime,
    examples(0, cut - settings.steps),
    examples(cut, series.rows),
    trainingOptions(series, settings),
    onReport,
    signal,
  );
  return { epoch, weights, space, trainRows: cut };
}

/** Weights after `settings.epochs` epochs over all rows of the series; epoch 0: stopped before the first one ended. */
export async function fitLstm(
  runtime: TensorRuntime,
  series: Series,
  settings: LstmSettings,
  onReport: OnReport,
  signal: AbortSignal,
): Promise<{ epoch: number; weights: LstmWeights; space: FeatureSpace }> {
  const space = fitFeatureSpace(series, settings.lookback);
  const examples = {
    ...standardise(space, series),
    width: series.columns.length,
    starts: starts(series, settings, 0, series.rows),
  };
  const { epoch, weights } = await trainLstm(
    runtime,
    examples,
    null,
    trainingOptions(series, settings),
    onReport,
    signal,
  );
  return { epoch, weights, space };
}

/** First rows of the clean windows whose last row lies in [from, to). */
function starts(series: Series, { lookback, steps }: LstmSettings, from: number, to: number): Int32Array {
  return cleanOrigins(series, lookback, steps, from, to).map((origin) => origin - lookback + 1);
}

function trainingOptions(series: Series, settings: LstmSettings): Parameters<typeof trainLstm>[3] {
  const columns = series.columns.length;
  return {
    shape: {
      lookback: settings.lookback,
      features: featureNames(series.columns).length,
      hidden: settings.hidden,
      layers: settings.layers,
      targets: settings.steps * columns,
    },
    epochs: settings.epochs,
    batch: settings.batch,
    learningRate: settings.learningRate,
    seed: settings.seed,
    importance: stepImportance(settings.steps, columns),
  };
}
