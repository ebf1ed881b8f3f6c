import { Command } from 'commander';
import type { Bundle } from '../../contract/index.js';
import type { ModelRegistry } from '../../registry/index.js';
import type { EvaluatedModel, Evaluation } from '../../training/index.js';
import type { Cli } from '../cli.js';
import { printRelativeTable, printTargetTable } from '../forecasting/accuracy-table.js';
import { cleaningLines } from '../forecasting/cleaning-lines.js';
import { findRun } from '../forecasting/find-run.js';
import { REGISTRY_OPTION, registryOf } from '../models/registry-option.js';
import { loadModel } from '../forecasting/local-model.js';
import { numbersOf } from '../forecasting/option-values.js';

interface Options {
  readonly registry: string;
  readonly run?: string;
  readonly horizons: number[];
  readonly targets?: string;
  readonly json?: boolean;
  readonly html?: string;
}

/** `flts evaluate`: a model, its members and all baselines on the rows of a file. */
export function evaluateCommand(cli: Cli): Command {
  return new Command('evaluate')
    .description('Measure a model and every baseline on rows that it was not trained on')
    .argument('<files...>', 'CSV files; best those that follow the training rows in time')
    .option(...REGISTRY_OPTION)
    .option('--run <run_id>', 'the model; a beginning of its id will do (default: the promoted one, else the newest)')
    .option('--horizons <list>', 'steps ahead, separated by commas', numbersOf('--horizons'), [1, 10, 30])
    .option('--targets <names>', 'targets to print, separated by commas (default: all)')
    .option('--json', 'print figures as JSON')
    .option('--html <file>', 'write the tables as a page too')
    .addHelpText(
      'after',
      `
Examples:
  $ flts evaluate test.csv
  $ flts evaluate test.csv --run 4a4e --horizons 1,5,30,60 --targets down,up
  $ flts evaluate test.csv --json`,
    )
    .action(async (files: string[], options: Options) => {
      await runEvaluation(cli, files, options);
    });
}

async function runEvaluation(cli: Cli, files: readonly string[], options: Options): Promise<void> {
  const [training, { TensorRuntime }] = await Promise.all([
    import('../../training/index.js'),
    import('../../runtime/index.js'),
  ]);
  const registry = await registryOf(cli, options);
  const runId = await findRun(registry, options.run);
  const loaded = await training.loadSeries(files);
  const notes: string[] = [];
  const models = await openModels(registry, runId, new TensorRuntime(1), notes);
  try {
    const [{ bundle }] = models;
    const targets = await chooseTargets(bundle, options.targets);
    const evaluation = await training.evaluateModels(loaded.series, models, options.horizons);
    notes.push(...evaluation.notes);
    if (options.html !== undefined) {
      const { accuracyPage } = await import('../forecasting/accuracy-page.js');
      const title = `${bundle.model_type} ${runId} on ${loaded.sources.map(({ name }) => name).join(', ')}`;
      await training.writeTextFile(options.html, [accuracyPage(title, { ...evaluation, targets, notes })]);
    }
    if (options.json === true) {
      const { rows, horizons, scored } = evaluation;
      cli.terminal.json({ run_id: runId, model_type: bundle.model_type, scored, horizons, targets, notes, rows });
    } else {
      print(cli, bundle, { ...evaluation, targets, notes }, cleaningLines(loaded));
      if (options.html !== undefined) cli.terminal.line(`page: ${options.html}`);
    }
  } finally {
    for (const { program } of models) await program.release();
  }
}

/** The model, then the members that are in the registry. */
async function openModels(
  registry: ModelRegistry,
  runId: string,
  runtime: Parameters<typeof loadModel>[0],
  notes: string[],
): Promise<[EvaluatedModel, ...EvaluatedModel[]]> {
  const fetched = await registry.fetchBundle(runId);
  const { bundle } = fetched;
  const models: [EvaluatedModel, ...EvaluatedModel[]] = [
    { name: bundle.model_type.toLowerCase(), kind: 'model', bundle, program: await loadModel(runtime, fetched) },
  ];
  const { FltsError } = await import('../../contract/index.js');
  for (const member of bundle.members ?? []) {
    try {
      const part = await registry.fetchBundle(member.run_id);
      const program = await loadModel(runtime, part);
      models.push({ name: member.name, kind: 'member', bundle: part.bundle, program });
    } catch (error) {
      // A member may have been removed; the ensemble itself is whole.
      if (!(error instanceof FltsError)) throw error;
      notes.push(`The member ${member.name} is left out: ${error.message}`);
    }
  }
  return models;
}

async function chooseTargets(bundle: Bundle, names: string | undefined): Promise<string[]> {
  if (names === undefined) return [...bundle.targets];
  const wanted = names.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !bundle.targets.includes(name));
  if (unknown.length === 0) return wanted;
  const { FltsError } = await import('../../contract/index.js');
  throw new FltsError(
    'FLTS_USAGE',
    `The model has no target ${unknown.join(', ')}; it has ${bundle.targets.join(', ')}.`,
  );
}

function print(cli: Cli, bundle: Bundle, evaluation: Evaluation, cleaning: readonly string[]): void {
  const { terminal } = cli;
  const { scored, rows, targets, horizons, notes } = evaluation;
  for (const line of cleaning) terminal.line(line);
  terminal.line(`${bundle.model_type} of run ${bundle.run_id}`);
  terminal.line(`scored: ${scored.rows} rows from ${scored.from} to ${scored.to} (steps ahead h; raw units)`);
  for (const note of notes) terminal.line(`${terminal.style('yellow', 'note')}  ${note}`);
  for (const target of targets) {
    terminal.line();
    printTargetTable(terminal, rows, target, horizons);
  }
  terminal.line();
  printRelativeTable(terminal, rows, horizons);
}
