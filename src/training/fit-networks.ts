import { FltsError } from '../contract/index.js';
import { type Series, sliceSeries } from '../domain/forecast/index.js';
import type { EpochReport, LstmWeights } from './lstm/index.js';
import type { FeatureSpace } from './model/feature-space.js';
import { chooseEpoch, fitLstm, VALIDATION_SHARE } from './model/fit-lstm.js';
import type { TensorRuntime } from './ports.js';
import type { TrainSettings } from './train-options.js';
import type { ProgressMeter } from './train-progress.js';

/** A network and the rows that it was fitted on, which its scaling was fitted on too. */
export interface FittedNetwork {
  readonly weights: LstmWeights;
  readonly space: FeatureSpace;
  readonly series: Series;
}

export interface FittedNetworks {
  /** Fitted on the training part alone: what accuracy and intervals are measured with. */
  readonly measured: FittedNetwork;
  /** Fitted on all rows: what is served. The measured one when training was interrupted. */
  readonly final: FittedNetwork;
  /** Epochs that validation chose. */
  readonly epochs: number;
}

/** Work of the three fits, in epochs over all rows, when the epoch is not known yet or known. */
export function plannedWork(settings: TrainSettings, fitShare: number, chosenEpochs: number): number {
  return settings.epochs * fitShare + chosenEpochs * (fitShare + 1);
}

/**
 * Three fits: the epoch is chosen on the last 20 % of the training part, then the network is fitted anew on the whole
 * training part (for honest figures on the held-out rows), then on all rows (to be served). An abort keeps the best
 * network so far. Throws FLTS_INTERRUPTED when it came before anything was learned.
 */
export async function fitNetworks(
  runtime: TensorRuntime,
  all: Series,
  fit: Series,
  settings: TrainSettings,
  meter: ProgressMeter,
  signal: AbortSignal,
): Promise<FittedNetworks> {
  const share = fit.rows / all.rows;
  const reporter =
    (text: string, work: number) =>
    (report: EpochReport): void => {
      const epoch = `${text}, epoch ${report.epoch} of ${report.epochs}`;
      meter.at(epoch, work, report.fraction, report.loss, report.validationLoss, report.epoch);
    };
  const choiceWork = settings.epochs * share;
  const choice = await chooseEpoch(runtime, fit, settings, reporter('choosing the epoch', choiceWork), signal);
  if (choice.epoch === 0) throw new FltsError('FLTS_INTERRUPTED', 'Interrupted before anything was learned.');
  meter.finish(choiceWork);
  meter.replan(plannedWork(settings, share, choice.epoch));
  const early: FittedNetwork = { ...choice, series: sliceSeries(fit, 0, choice.trainRows) };
  const chosen = { ...settings, epochs: choice.epoch };

  // A signal may change while a fit is awaited.
  const wasAborted = (): boolean => signal.aborted;
  const refit = async (series: Series, text: string, work: number): Promise<FittedNetwork | null> => {
    if (wasAborted()) return null;
    const fitted = await fitLstm(runtime, series, chosen, reporter(text, work), signal);
    meter.finish(work);
    // A fit that was cut short is worse than the one before it.
    return wasAborted() ? null : { ...fitted, series };
  };
  const measured = (await refit(fit, 'fitting the training part', choice.epoch * share)) ?? early;
  const final = (measured === early ? null : await refit(all, 'fitting all rows', choice.epoch)) ?? measured;
  return { measured, final, epochs: choice.epoch };
}

/** Rows of the training part that the epoch was chosen on. */
export function validationRows(fitRows: number): number {
  return fitRows - Math.floor(fitRows * (1 - VALIDATION_SHARE));
}
