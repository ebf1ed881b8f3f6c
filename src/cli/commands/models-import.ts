import { Command } from 'commander';
import { basename } from 'node:path';
import { FltsError } from '../../contract/index.js';
import type { ModelRegistry } from '../../registry/index.js';
import type { ImportedModel, LoadedSeries } from '../../training/index.js';
import type { Cli } from '../cli.js';
import { printRelativeTable, printTargetTable } from '../forecasting/accuracy-table.js';
import { cleaningLines } from '../forecasting/cleaning-lines.js';
import { numberOf } from '../forecasting/option-values.js';
import { REGISTRY_OPTION, registryOf } from '../models/registry-option.js';

interface Options {
  readonly features: string[];
  readonly targets?: string[];
  readonly scaler?: string;
  readonly example: string;
  readonly output?: string;
  readonly frequency?: number;
  readonly evaluate?: string[];
  readonly registry: string;
  readonly promote?: boolean;
  readonly force?: boolean;
  readonly identifier: string;
  readonly experiment: string;
  readonly json?: boolean;
}

/** Seconds between rows where nothing says otherwise: the cell traffic that this system is made for. */
const USUAL_FREQUENCY_S = 120;
const FREQUENCY_S_MAX = 366 * 86_400;
const HORIZONS_SHOWN = [1, 10, 30] as const;

const names = (value: string): string[] => value.split(',').map((name) => name.trim());

/** `flts models import`: a model of PyTorch, scikit-learn or another maker of ONNX files becomes a bundle. */
export function importCommand(cli: Cli): Command {
  return new Command('import')
    .description('Make an ONNX file of another tool a model of the registry')
    .argument('<model.onnx>', 'one float input of windows, one float output of forecasts, free batch')
    .requiredOption('--features <names>', 'columns of its input in order; min_of_day_sin … for time features', names)
    .requiredOption('--example <file.json>', 'windows and the forecasts that it must give to them, raw units')
    .option('--targets <names>', 'columns of its output in order (default: the data columns of --features)', names)
    .option('--scaler <file.json>', 'scales of features and targets (default: it takes and gives raw units)')
    .option('--output <name>', 'which of its outputs is the forecast, where there are several')
    .option(
      '--frequency <seconds>',
      'between rows (default: that of --evaluate, of ts, or 120)',
      numberOf('--frequency'),
    )
    .option('--evaluate <files...>', 'CSV files that it was not trained on: accuracy and intervals from them')
    .option(...REGISTRY_OPTION)
    .option('--promote', 'make it the current model if it is better than persistence')
    .option('--force', 'promote it even if it is not, or was not evaluated; recorded')
    .option('--identifier <name>', "the model's name for clients, when promoted", 'default')
    .option('--experiment <name>', 'recorded with the promotion', 'default')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts models import lstm.onnx --features down,up,rnti_count --scaler scaler.json --example example.json
  $ flts models import mlp.onnx --features down,up --targets down --example example.json --evaluate test.csv --promote

The formats of scaler and example files, and how to write them from PyTorch and scikit-learn: docs/guides/import-a-model.md.`,
    )
    .action(async (file: string, options: Options) => {
      await runImport(cli, file, options);
    });
}

async function runImport(cli: Cli, path: string, options: Options): Promise<void> {
  if (options.force === true && options.promote !== true) {
    throw new FltsError('FLTS_USAGE', '--force goes with --promote.');
  }
  const [training, { readFile, stat }, { sizeProblem }] = await Promise.all([
    import('../../training/index.js'),
    import('node:fs/promises'),
    import('../../domain/onnx/index.js'),
  ]);
  const { features } = options;
  const times: readonly string[] = (await import('../../domain/forecast/index.js')).TIME_FEATURES;
  const targets = options.targets ?? features.filter((name) => !times.includes(name));
  training.checkNames(features, targets);
  const file = basename(path);
  const tooLarge = sizeProblem((await stat(path)).size);
  if (tooLarge !== null) throw new FltsError('FLTS_MODEL_REFUSED', `${file} cannot be imported: ${tooLarge}.`);
  const bytes = await readFile(path);
  const scaler =
    options.scaler === undefined
      ? training.noScaler(features, targets)
      : training.readScaler(
          await training.readJson(options.scaler),
          basename(options.scaler),
          features,
          targets,
          times,
        );
  const exampleName = basename(options.example);
  const examples = training.readExamples(await training.readJson(options.example), exampleName, features, targets);
  const loaded = options.evaluate === undefined ? null : await training.loadSeries(options.evaluate);
  const result = await training.importModel(
    {
      file,
      bytes,
      features,
      targets,
      scaler,
      examples,
      output: options.output ?? null,
      frequencyS: frequencyOf(options, loaded, examples[0].timesMs),
      evaluation: loaded?.series ?? null,
    },
    await contextOf(),
  );
  const registry = await registryOf(cli, options);
  await registry.write(result.bundle, result.model);
  if (options.json !== true) printImport(cli, result, loaded, examples.length, registry);
  const promoted = options.promote === true ? await promote(registry, result, options) : null;
  if (options.json === true) cli.terminal.json(jsonOf(result, promoted));
  else printNext(cli, result, promoted !== null, registry);
}

function frequencyOf(options: Options, loaded: LoadedSeries | null, timesMs: readonly number[] | null): number {
  const { frequency } = options;
  if (frequency !== undefined) {
    if (frequency > 0 && frequency <= FREQUENCY_S_MAX) return frequency;
    throw new FltsError(
      'FLTS_USAGE',
      `--frequency takes seconds from above 0 to ${FREQUENCY_S_MAX}, not ${frequency}.`,
    );
  }
  if (loaded !== null) return loaded.series.stepMs / 1000;
  const [first, second] = timesMs ?? [];
  return first !== undefined && second !== undefined ? (second - first) / 1000 : USUAL_FREQUENCY_S;
}

async function contextOf(): Promise<Parameters<typeof import('../../training/index.js').importModel>[1]> {
  const [{ TensorRuntime }, { packageVersion }, { randomBytes }] = await Promise.all([
    import('../../runtime/index.js'),
    import('../service/package-version.js'),
    import('node:crypto'),
  ]);
  return {
    runtime: new TensorRuntime(1),
    runId: randomBytes(16).toString('hex'),
    created: new Date().toISOString(),
    libraries: { flts: packageVersion(), node: process.version },
  };
}

async function promote(registry: ModelRegistry, { bundle }: ImportedModel, options: Options): Promise<string> {
  const { identifier, experiment, force = false } = options;
  await registry.promote(bundle.run_id, { identifier, experiment, force, timestamp: new Date().toISOString() });
  return bundle.run_id;
}

function printImport(
  cli: Cli,
  { bundle, table, scoredRows }: ImportedModel,
  loaded: LoadedSeries | null,
  examples: number,
  registry: ModelRegistry,
): void {
  const { terminal } = cli;
  if (loaded !== null) for (const line of cleaningLines(loaded)) terminal.line(line);
  const replayed = examples === 1 ? '1 example is' : `${examples} examples are`;
  terminal.line(
    `${bundle.model_type} with ${bundle.lookback} rows back, ${bundle.steps} steps ahead; ${replayed} reproduced`,
  );
  terminal.line(`rows ${bundle.frequency_s} s apart; features ${bundle.features.join(', ')}`);
  const unpredicted = bundle.features
    .slice(0, Object.keys(bundle.fill.values).length)
    .filter((name) => !bundle.targets.includes(name));
  if (unpredicted.length > 0) {
    terminal.line(
      `${terminal.style('yellow', 'note')}  it does not predict ${unpredicted.join(', ')}, so horizons end at ${bundle.steps}`,
    );
  }
  if (table === null) {
    terminal.line(
      `${terminal.style('yellow', 'note')}  not evaluated: no accuracy, no intervals (--evaluate FILE.csv)`,
    );
  } else {
    terminal.line();
    terminal.line(`Accuracy on ${scoredRows} rows (steps ahead h; raw units):`);
    terminal.line();
    printTargetTable(terminal, table, bundle.targets[0] ?? '', HORIZONS_SHOWN);
    terminal.line();
    printRelativeTable(terminal, table, HORIZONS_SHOWN);
    terminal.line();
  }
  terminal.line(`run ${bundle.run_id}  in ${registry.uri}`);
}

function printNext(cli: Cli, { bundle }: ImportedModel, promoted: boolean, registry: ModelRegistry): void {
  const { terminal } = cli;
  const where = registry.uri === './flts-registry' ? '' : ` --registry ${registry.uri}`;
  const force = bundle.accuracy.relative_mae === null ? ' --force' : '';
  if (!promoted) terminal.line(`Promote it with: flts models promote ${bundle.run_id}${where}${force}`);
  else terminal.line(`${terminal.style('green', 'promoted')}  flts serve${where} serves it`);
}

function jsonOf({ bundle, table }: ImportedModel, promoted: string | null): unknown {
  const { run_id, model_type, lookback, steps, features, targets, frequency_s, accuracy } = bundle;
  const shape = { lookback, steps, frequency_s, features, targets };
  return { run_id, model_type, ...shape, relative_mae: accuracy.relative_mae, accuracy: table, promoted };
}
