import { Command } from 'commander';
import { type Bundle, FltsError } from '../../contract/index.js';
import type { Cli } from '../cli.js';
import { printRelativeTable, printTargetTable } from '../forecasting/accuracy-table.js';
import { duration } from '../forecasting/figures.js';
import { findRun } from '../forecasting/find-run.js';
import { REGISTRY_OPTION, registryOf } from '../models/registry-option.js';
import { verifyRun } from '../models/verify-run.js';
import { importCommand } from './models-import.js';
import { pruneCommand } from './models-prune.js';
import { rollbackCommand } from './models-rollback.js';

interface Options {
  readonly registry: string;
  readonly json?: boolean;
  readonly force?: boolean;
  readonly all?: boolean;
  readonly identifier?: string;
  readonly experiment?: string;
}

/** `flts models`: what is in the registry, and which version serves. */
export function modelsCommand(cli: Cli): Command {
  return new Command('models')
    .description('List, show, import, promote, roll back, verify and prune the models of a registry')
    .addCommand(listCommand(cli))
    .addCommand(showCommand(cli))
    .addCommand(importCommand(cli))
    .addCommand(promoteCommand(cli))
    .addCommand(rollbackCommand(cli))
    .addCommand(verifyCommand(cli))
    .addCommand(pruneCommand(cli))
    .addHelpText(
      'after',
      `
Examples:
  $ flts models list
  $ flts models show 4a4e
  $ flts models import model.onnx --features down,up --example example.json
  $ flts models promote 4a4e
  $ flts models rollback
  $ flts models verify --all`,
    );
}

function listCommand(cli: Cli): Command {
  return new Command('list')
    .description('Every version, the newest first')
    .option(...REGISTRY_OPTION)
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const entries = await (await registryOf(cli, options)).list();
      if (options.json === true) {
        cli.terminal.json(
          entries.map(({ runId, bundle, problem, current }) => ({
            run_id: runId,
            current,
            model_type: bundle?.model_type ?? null,
            created: bundle?.created ?? null,
            relative_mae: bundle?.accuracy.relative_mae ?? null,
            score: bundle?.accuracy.score ?? null,
            problem,
          })),
        );
        return;
      }
      if (entries.length === 0) {
        cli.terminal.line('no models yet; train one: flts train FILE.csv --promote');
        return;
      }
      cli.terminal.table(
        [
          { title: '' },
          { title: 'run id' },
          { title: 'type' },
          { title: 'created' },
          { title: 'MAE / persistence', align: 'right' },
          { title: 'score', align: 'right' },
          { title: '' },
        ],
        entries.map(({ runId, bundle, problem, current }) => [
          current ? cli.terminal.style('green', '*') : '',
          runId,
          bundle?.model_type ?? '–',
          bundle?.created.slice(0, 19).replace('T', ' ') ?? '–',
          bundle?.accuracy.relative_mae?.toFixed(3) ?? '–',
          bundle?.accuracy.score?.toFixed(3) ?? '–',
          problem ?? '',
        ]),
      );
      cli.terminal.line(`${cli.terminal.style('green', '*')} is the one that serves`);
    });
}

function showCommand(cli: Cli): Command {
  return new Command('show')
    .description('One version: features, training, accuracy')
    .argument('[run_id]', 'a beginning of it will do (default: the promoted one, else the newest)')
    .option(...REGISTRY_OPTION)
    .option('--json', 'print JSON, without the long lists')
    .action(async (wanted: string | undefined, options: Options) => {
      const registry = await registryOf(cli, options);
      const bundle = await registry.readBundle(await findRun(registry, wanted));
      if (options.json === true) cli.terminal.json(shortened(bundle));
      else printBundle(cli, bundle);
    });
}

/** The bundle without what is for machines only. */
function shortened(bundle: Bundle): unknown {
  const { residuals, history } = bundle;
  const long = ['residuals', 'baselines', 'history', 'golden'];
  return {
    ...Object.fromEntries(Object.entries(bundle).filter(([name]) => !long.includes(name))),
    residuals: { horizons: residuals.horizons, n: residuals.n },
    history: { start: history.start, rows: history.rows },
  };
}

function printBundle(cli: Cli, bundle: Bundle): void {
  const { terminal } = cli;
  const { training, accuracy } = bundle;
  const facts: [string, string][] = [
    ['run', bundle.run_id],
    ['type', bundle.model_type],
    ['created', bundle.created],
    ['window', `${bundle.lookback} rows, ${bundle.frequency_s} s apart, ${bundle.features.length} features`],
    ['features', bundle.features.join(', ')],
    ['forecast', `${bundle.steps} steps of ${bundle.targets.length} targets`],
    ...originLines(bundle),
    ['digest', bundle.model_sha256],
    ...(bundle.members ?? []).map(({ name, run_id }): [string, string] => [`member ${name}`, run_id]),
    ['score', `${accuracy.score?.toFixed(4) ?? '–'} (0.5 RMSE + 0.3 MAE + 0.2 MSE of scaled targets)`],
    ['residuals', `${bundle.residuals.n} for each target and horizon 1 to ${bundle.residuals.horizons}`],
  ];
  terminal.table([{ title: '' }, { title: '' }], facts);
  const horizons = [...new Set(accuracy.rows.map((row) => row.horizon))];
  terminal.line();
  if (horizons.length === 0) {
    terminal.line('Not evaluated: import it again with --evaluate FILE.csv, rows that it was not trained on.');
    return;
  }
  terminal.line(`Accuracy on ${training.split.test_rows} held-out rows:`);
  for (const target of bundle.targets.slice(0, 2)) {
    terminal.line();
    printTargetTable(terminal, accuracy.rows, target, horizons);
  }
  terminal.line();
  printRelativeTable(terminal, accuracy.rows, horizons);
}

/** Where a version came from. */
function originLines({ imported, training }: Bundle): [string, string][] {
  if (imported !== undefined) {
    const { file, producer, opset, sha256 } = imported;
    return [
      ['imported from', `${file} (${producer === '' ? 'unknown writer' : producer}, opset ${opset})`],
      ['its digest', sha256],
    ];
  }
  return [
    ['trained on', training.sources.map(({ name, rows }) => `${name} (${rows} rows)`).join(', ')],
    ['took', duration(training.duration_s)],
    ['settings', JSON.stringify(training.hyperparameters)],
  ];
}

function promoteCommand(cli: Cli): Command {
  return new Command('promote')
    .description('Make a version the one that serves, if it is better than persistence')
    .argument('<run_id>', 'a beginning of it will do')
    .option(...REGISTRY_OPTION)
    .option('--force', 'promote it even if it is no better than persistence; recorded')
    .option('--identifier <name>', "the model's name for clients", 'default')
    .option('--experiment <name>', 'recorded with the promotion', 'default')
    .option('--json', 'print the pointer as JSON')
    .action(async (wanted: string, options: Options) => {
      const registry = await registryOf(cli, options);
      const runId = await findRun(registry, wanted);
      await verifyRun(registry, runId);
      const pointer = await registry.promote(runId, {
        identifier: options.identifier ?? 'default',
        experiment: options.experiment ?? 'default',
        force: options.force === true,
        timestamp: new Date().toISOString(),
      });
      if (options.json === true) cli.terminal.json(pointer);
      else {
        const forced = pointer.forced === true ? ', forced although it is no better than persistence' : '';
        cli.terminal.line(`${cli.terminal.style('green', 'promoted')}  ${pointer.model_type} of run ${runId}${forced}`);
      }
    });
}

function verifyCommand(cli: Cli): Command {
  return new Command('verify')
    .description('Check digest, schema and golden window of a version')
    .argument('[run_id]', 'a beginning of it will do (default: the promoted one, else the newest)')
    .option(...REGISTRY_OPTION)
    .option('--all', 'check every version')
    .option('--json', 'print JSON')
    .action(async (wanted: string | undefined, options: Options) => {
      const registry = await registryOf(cli, options);
      const runs =
        options.all === true ? (await registry.list()).map(({ runId }) => runId) : [await findRun(registry, wanted)];
      const results: { run_id: string; ok: boolean; problem: string | null }[] = [];
      let failure: FltsError | null = null;
      for (const runId of runs) {
        try {
          await verifyRun(registry, runId);
          results.push({ run_id: runId, ok: true, problem: null });
        } catch (error) {
          if (!(error instanceof FltsError)) throw error;
          failure ??= error;
          results.push({ run_id: runId, ok: false, problem: error.message });
        }
      }
      if (options.json === true) cli.terminal.json(results);
      else printVerdicts(cli, results);
      if (failure !== null) {
        const { exitCodeOf } = await import('../exit-codes.js');
        cli.exitCode = exitCodeOf(failure.code);
      }
    });
}

function printVerdicts(cli: Cli, results: readonly { run_id: string; ok: boolean; problem: string | null }[]): void {
  const { terminal } = cli;
  if (results.length === 0) terminal.line('no models to verify');
  for (const { run_id: runId, ok, problem } of results) {
    const verdict = ok ? terminal.style('green', 'good   ') : terminal.style('red', 'damaged');
    terminal.line(`${verdict}  ${runId}${problem === null ? '' : `  ${problem}`}`);
  }
}
