import { Command } from 'commander';
import { FltsError } from '../../contract/index.js';
import type { Cli } from '../cli.js';

interface Options {
  readonly format: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** `flts report`: renders a run bundle again, from the bundle alone. */
export function reportCommand(cli: Cli): Command {
  return new Command('report')
    .description('Render the report of a run bundle, or of a run.json alone')
    .argument('<run>', 'folder of a run bundle, or a run.json')
    .option('--format <list>', 'html, md, json, junit, csv, separated by commas', 'html,md')
    .option('--out <dir>', "folder for the report (default: the bundle's)")
    .option('--json', 'print the report as JSON instead of writing files')
    .addHelpText(
      'after',
      `
Examples:
  $ flts report flts-runs/progressive-20260101-120000
  $ flts report run.json --format html,md,json --out somewhere
  $ flts report run-1 --format junit,csv`,
    )
    .action(async (path: string, options: Options) => {
      await renderRun(cli, path, options);
    });
}

async function renderRun(cli: Cli, path: string, options: Options): Promise<void> {
  const [report, paths, { mkdir, stat }] = await Promise.all([
    import('../../report/index.js'),
    import('node:path'),
    import('node:fs/promises'),
  ]);
  const formats = options.format.split(',').map((text) => {
    const format = report.REPORT_FORMATS.find((known) => known === text.trim());
    if (format === undefined) {
      throw new FltsError('FLTS_USAGE', `--format knows ${report.REPORT_FORMATS.join(', ')}, not "${text}".`);
    }
    return format;
  });
  const built = report.buildReport(await report.readRunBundle(path));
  if (options.json === true) {
    cli.terminal.line(report.renderJson(built).trimEnd());
    return;
  }
  const folder = options.out ?? ((await stat(path)).isDirectory() ? path : paths.dirname(path));
  if (options.out !== undefined) await mkdir(folder, { recursive: true });
  for (const written of await report.writeReports(built, folder, formats)) cli.terminal.line(written);
}
