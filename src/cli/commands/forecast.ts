import { Command } from 'commander';
import { FltsError } from '../../contract/index.js';
import type { LoadedSeries } from '../../training/index.js';
import type { Cli } from '../cli.js';
import { shortNumber } from '../forecasting/figures.js';
import { findRun } from '../forecasting/find-run.js';
import type { ForecastResult } from '../forecasting/local-forecast.js';
import { loadModel } from '../forecasting/local-model.js';
import { numberOf, numbersOf } from '../forecasting/option-values.js';
import { REGISTRY_OPTION, registryOf } from '../models/registry-option.js';
import type { Column } from '../terminal.js';

interface Options {
  readonly registry: string;
  readonly run?: string;
  readonly target?: string;
  readonly horizon: number;
  readonly level?: number[];
  readonly csv?: boolean;
  readonly json?: boolean;
}

const HORIZON_MAX = 10_000;
const LEVELS_MAX = 10;

/** `flts forecast`: the rows after the last one of a file, without or through a server. */
export function forecastCommand(cli: Cli): Command {
  return new Command('forecast')
    .description('Forecast the rows that follow a file, without or through a server')
    .argument('<files...>', 'CSV files; the last rows are the window')
    .option(...REGISTRY_OPTION)
    .option('--run <run_id>', 'the model; a beginning of its id will do (default: the promoted one, else the newest)')
    .option('--target <url>', 'ask this service instead (key: FLTS_API_KEY)')
    .option('--horizon <steps>', 'steps ahead', numberOf('--horizon'), 1)
    .option('--level <list>', 'prediction intervals at these levels, percent', numbersOf('--level'))
    .option('--csv', 'print CSV')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts forecast traffic.csv --horizon 30
  $ flts forecast traffic.csv --horizon 30 --level 80,95 --csv > next-hour.csv
  $ flts forecast traffic.csv --target http://127.0.0.1:8000`,
    )
    .action(async (files: string[], options: Options) => {
      const levels = options.level ?? [];
      checkOptions(options, levels);
      const { loadSeries } = await import('../../training/index.js');
      const loaded = await loadSeries(files);
      const result =
        options.target === undefined
          ? await forecastHere(cli, loaded, options, levels)
          : await forecastThere(cli, loaded, options.target, options.horizon, levels);
      print(cli, result, options, levels);
    });
}

function checkOptions({ horizon, csv, json, target, run }: Options, levels: readonly number[]): void {
  if (!Number.isInteger(horizon) || horizon < 1 || horizon > HORIZON_MAX) {
    throw new FltsError('FLTS_USAGE', `--horizon takes a whole number from 1 to ${HORIZON_MAX}, not ${horizon}.`);
  }
  if (levels.length > LEVELS_MAX || levels.some((level) => !(level > 0 && level < 100))) {
    throw new FltsError('FLTS_USAGE', `--level takes up to ${LEVELS_MAX} percentages above 0 and below 100.`);
  }
  if (csv === true && json === true) throw new FltsError('FLTS_USAGE', 'Give --csv or --json, not both.');
  if (target !== undefined && run !== undefined) {
    throw new FltsError('FLTS_USAGE', '--run chooses from the registry; a service answers with the model that it has.');
  }
}

async function forecastHere(
  cli: Cli,
  { series }: LoadedSeries,
  options: Options,
  levels: readonly number[],
): Promise<ForecastResult> {
  const [{ TensorRuntime }, { localForecast }] = await Promise.all([
    import('../../runtime/index.js'),
    import('../forecasting/local-forecast.js'),
  ]);
  const registry = await registryOf(cli, options);
  const fetched = await registry.fetchBundle(await findRun(registry, options.run));
  const program = await loadModel(new TensorRuntime(1), fetched);
  try {
    return await localForecast(series, fetched.bundle, program, options.horizon, levels);
  } finally {
    await program.release();
  }
}

async function forecastThere(
  cli: Cli,
  { series }: LoadedSeries,
  target: string,
  horizon: number,
  levels: readonly number[],
): Promise<ForecastResult> {
  const { remoteForecast } = await import('../forecasting/remote-forecast.js');
  return await remoteForecast(target, series, horizon, levels, cli.env['FLTS_API_KEY'], cli.signal);
}

function print(cli: Cli, result: ForecastResult, options: Options, levels: readonly number[]): void {
  const { terminal } = cli;
  if (options.json === true) {
    terminal.json({
      run_id: result.runId,
      model_type: result.modelType,
      predictions: result.rows,
      ...(levels.length === 0 ? {} : { intervals: result.intervals }),
      warnings: result.warnings,
    });
    return;
  }
  const names = Object.keys(result.rows[0] ?? {});
  if (options.csv === true) {
    printCsv(cli, result, names);
  } else {
    const columns: Column[] = names.map((title, i) => ({ title, align: i === 0 ? 'left' : 'right' }));
    terminal.table(
      columns,
      result.rows.map((row) => names.map((name) => cellText(row[name]))),
    );
    for (const [level, rows] of Object.entries(result.intervals)) {
      terminal.line();
      terminal.line(`interval at ${level} %`);
      terminal.table(
        columns,
        rows.map((row) => names.map((name) => cellText(row[name]))),
      );
    }
    terminal.note(`${result.modelType} of run ${result.runId}`);
  }
  for (const warning of result.warnings) terminal.note(`warning: ${warning}`);
}

function printCsv(cli: Cli, result: ForecastResult, names: readonly string[]): void {
  const levels = Object.keys(result.intervals);
  const values = names.filter((name) => name !== 'ts');
  const bounds = levels.flatMap((level) =>
    values.flatMap((name) => [`${name}_lower_${level}`, `${name}_upper_${level}`]),
  );
  cli.terminal.line([...names, ...bounds].join(','));
  result.rows.forEach((row, i) => {
    const limits = levels.flatMap((level) => values.flatMap((name) => boundsOf(result.intervals[level]?.[i]?.[name])));
    cli.terminal.line([...names.map((name) => row[name]), ...limits].join(','));
  });
}

function boundsOf(interval: unknown): unknown[] {
  return Array.isArray(interval) ? interval : ['', ''];
}

function cellText(value: unknown): string {
  if (typeof value === 'number') return shortNumber(value);
  if (Array.isArray(value))
    return value.map((bound) => (typeof bound === 'number' ? shortNumber(bound) : '–')).join(' … ');
  return typeof value === 'string' ? value : '–';
}
