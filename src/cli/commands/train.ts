import { Command, Option } from 'commander';
import { FltsError } from '../../contract/index.js';
import type { ModelRegistry } from '../../registry/index.js';
import type { LoadedSeries, ModelKind, TrainedModel, TrainResult, TrainSettings } from '../../training/index.js';
import type { Cli } from '../cli.js';
import { EXIT_CODES } from '../exit-codes.js';
import { printRelativeTable, printTargetTable } from '../forecasting/accuracy-table.js';
import { cleaningLines } from '../forecasting/cleaning-lines.js';
import { duration } from '../forecasting/figures.js';
import { numberOf } from '../forecasting/option-values.js';
import { beginTrainingLog } from '../models/training-log.js';
import { REGISTRY_OPTION, registryOf } from '../models/registry-option.js';

interface Options extends Partial<Omit<TrainSettings, 'model'>> {
  readonly model: ModelKind;
  readonly registry: string;
  readonly mlflow?: string;
  readonly promote?: boolean;
  readonly force?: boolean;
  readonly identifier: string;
  readonly experiment: string;
  readonly json?: boolean;
}

/** Targets whose figures are shown in full after a training. */
const TARGETS_SHOWN = 2;
const HORIZONS_SHOWN = [1, 10, 30] as const;

/** `flts train`: cleans, trains, measures, and writes bundles into the registry. */
export function trainCommand(cli: Cli): Command {
  return new Command('train')
    .description('Train a model on CSV files of one site and keep it in the registry')
    .argument('<files...>', 'CSV files: a time column and number columns; several are joined in order of time')
    .addOption(new Option('--model <kind>', 'what to train').choices(['lstm', 'ridge', 'ensemble']).default('lstm'))
    .option('--hidden <n>', 'LSTM cells in a layer (default: 64)', numberOf('--hidden'))
    .option('--layers <n>', 'LSTM layers (default: 1)', numberOf('--layers'))
    .option('--epochs <n>', 'most epochs; validation chooses (default: 12)', numberOf('--epochs'))
    .option('--steps <n>', 'rows ahead that one run predicts (default: 30)', numberOf('--steps'))
    .option('--lookback <n>', 'rows that the model looks back (default: 10)', numberOf('--lookback'))
    .option('--learning-rate <x>', "Adam's rate at the start (default: 0.002)", numberOf('--learning-rate'))
    .option('--seed <n>', 'the same seed and rows give the same model on one machine', numberOf('--seed'))
    .option(...REGISTRY_OPTION)
    .option(
      '--mlflow <url>',
      'log the training to this MLflow server too, as a version of the model named by --identifier',
    )
    .option('--promote', 'make it the current model if it is better than persistence')
    .option('--force', 'promote it even if it is not; recorded')
    .option('--identifier <name>', "the model's name for clients, when promoted", 'default')
    .option('--experiment <name>', 'recorded with the promotion', 'default')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts train traffic.csv --promote
  $ flts train traffic.csv --model ensemble --promote
  $ flts train traffic.csv --mlflow http://127.0.0.1:5000 --identifier lte --promote
  $ flts train traffic.csv --registry mlflow:models:/lte@champion --promote
  $ flts train january.csv february.csv --model lstm --hidden 128 --layers 2

An ensemble is the mean of a ridge and an LSTM in log space; its members are kept as models of their own.
Ctrl-C ends the training; the best network so far is kept, not promoted (exit code 130).`,
    )
    .action(async (files: string[], options: Options) => {
      await runTraining(cli, files, options);
    });
}

async function runTraining(cli: Cli, files: readonly string[], options: Options): Promise<void> {
  if (options.force === true && options.promote !== true) {
    throw new FltsError('FLTS_USAGE', '--force goes with --promote.');
  }
  const [training, { TensorRuntime }, { packageVersion }, { randomBytes }] = await Promise.all([
    import('../../training/index.js'),
    import('../../runtime/index.js'),
    import('../service/package-version.js'),
    import('node:crypto'),
  ]);
  const registry = await registryOf(cli, options);
  const loaded = await training.loadSeries(files);
  const log = await beginTrainingLog(cli, options);
  const asJson = options.json === true;
  if (!asJson) for (const line of cleaningLines(loaded)) cli.terminal.line(line);
  const progress = cli.terminal.progress(`training ${options.model}`);
  const startedMs = performance.now();
  let result: TrainResult;
  try {
    result = await training.trainModel(loaded.series, settingsOf(options), {
      runtime: new TensorRuntime(1),
      newRunId: () => log?.newRunId() ?? randomBytes(16).toString('hex'),
      created: new Date().toISOString(),
      libraries: { flts: packageVersion(), node: process.version },
      sources: [...loaded.sources],
      signal: cli.signal,
      onProgress: (now) => {
        log?.note(now);
        const { text, fraction, secondsLeft, loss, validationLoss } = now;
        const figures = [
          text,
          ...(loss === null ? [] : [`loss ${loss.toFixed(3)}`]),
          ...(validationLoss === null ? [] : [`validation ${validationLoss.toFixed(3)}`]),
          ...(secondsLeft === null ? [] : [`about ${duration(secondsLeft)} left`]),
        ];
        progress.update(figures.join(', '), fraction);
      },
    });
  } catch (error) {
    progress.clear();
    // What ended the training matters more than that MLflow does not hear of it.
    await log?.fail().catch(() => undefined);
    throw error;
  }
  progress.done(summary(result, (performance.now() - startedMs) / 1000));
  // The one that was asked for is the newest, where a registry numbers its versions.
  for (const { bundle, model } of [...result.models].reverse()) await registry.write(bundle, model);
  await log?.keep(result.models);
  await log?.finish(
    result.models.map(({ bundle }) => bundle),
    result.interrupted,
  );
  if (!asJson) printResult(cli, loaded, result, registry);
  // Half a training is worth keeping, not worth serving unasked.
  const mayPromote = options.promote === true && !result.interrupted;
  const promoted = mayPromote ? await promote(registry, result.models[0], options) : null;
  const beside = log?.beside ?? null;
  if (promoted !== null && beside !== null) await promote(beside, result.models[0], options);
  if (asJson) cli.terminal.json(jsonOf(loaded, result, promoted));
  else printNext(cli, result, promoted, registry);
  // Everything was written, but less was trained than asked for.
  if (result.interrupted) cli.exitCode = EXIT_CODES.interrupted;
}

/** Only what was given: the defaults are the training room's. */
function settingsOf(options: Options): Partial<TrainSettings> {
  const { model, hidden, layers, epochs, steps, lookback, learningRate, seed } = options;
  const given = Object.entries({ hidden, layers, epochs, steps, lookback, learningRate, seed }).filter(
    ([, value]) => value !== undefined,
  );
  return { model, ...Object.fromEntries(given) };
}

function summary({ epochs, interrupted }: TrainResult, seconds: number): string {
  const chosen = epochs === null ? '' : `, best epoch ${epochs}`;
  return `${interrupted ? 'interrupted, the best network so far is kept, after' : 'done in'} ${duration(seconds)}${chosen}`;
}

async function promote(registry: ModelRegistry, { bundle }: TrainedModel, options: Options): Promise<string> {
  const { identifier, experiment, force = false } = options;
  const timestamp = new Date().toISOString();
  await registry.promote(bundle.run_id, { identifier, experiment, force, timestamp });
  return bundle.run_id;
}

function printResult(cli: Cli, loaded: LoadedSeries, result: TrainResult, registry: ModelRegistry): void {
  const { terminal } = cli;
  const { table, heldOutRows } = result;
  terminal.line();
  terminal.line(`Accuracy on the last ${heldOutRows} rows, which were held out (steps ahead h; raw units):`);
  terminal.line();
  for (const target of loaded.series.columns.slice(0, TARGETS_SHOWN)) {
    printTargetTable(terminal, table, target, HORIZONS_SHOWN);
    terminal.line();
  }
  printRelativeTable(terminal, table, HORIZONS_SHOWN);
  terminal.line();
  for (const { name, bundle } of result.models) {
    terminal.line(`${name.padEnd(8)}  run ${bundle.run_id}  in ${registry.uri}`);
  }
}

function printNext(cli: Cli, result: TrainResult, promoted: string | null, registry: ModelRegistry): void {
  const { terminal } = cli;
  const [{ bundle }] = result.models;
  const where = registry.uri === './flts-registry' ? '' : ` --registry ${registry.uri}`;
  if (promoted === null) terminal.line(`Promote it with: flts models promote ${bundle.run_id}${where}`);
  else terminal.line(`${terminal.style('green', 'promoted')}  flts serve${where} serves it`);
}

function jsonOf(loaded: LoadedSeries, result: TrainResult, promoted: string | null): unknown {
  return {
    sources: loaded.sources,
    cleaning: loaded.account,
    models: result.models.map(({ name, bundle }) => ({
      name,
      run_id: bundle.run_id,
      model_type: bundle.model_type,
      relative_mae: bundle.accuracy.relative_mae,
      score: bundle.accuracy.score,
    })),
    epochs: result.epochs,
    interrupted: result.interrupted,
    held_out_rows: result.heldOutRows,
    accuracy: result.table,
    promoted,
  };
}
