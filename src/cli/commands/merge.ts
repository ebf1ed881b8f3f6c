import { Command } from 'commander';
import type { Cli } from '../cli.js';
import { exitCodeOfRun } from '../load/exit-code-of-run.js';
import { printRun } from '../load/print-run.js';

interface Options {
  readonly out: string;
  readonly json?: boolean;
}

/** `flts merge`: the shards of one load as one run bundle, with its report. */
export function mergeCommand(cli: Cli): Command {
  return new Command('merge')
    .description('Put the shards of one load together, as if one generator had driven it')
    .argument('<shard...>', 'folders that `flts loadtest --shard` wrote, all of them')
    .requiredOption('--out <dir>', 'folder of the merged run bundle')
    .option('--json', 'print the run as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts loadtest my.yaml --target URL --shard 0/2 --start-at 2030-01-01T12:00:00Z --out shard-0
  $ flts loadtest my.yaml --target URL --shard 1/2 --start-at 2030-01-01T12:00:00Z --out shard-1
  $ flts merge shard-0 shard-1 --out run`,
    )
    .action(async (folders: string[], options: Options) => {
      const [{ mergeRuns }, report] = await Promise.all([
        import('../../loadtest/index.js'),
        import('../../report/index.js'),
      ]);
      const result = await mergeRuns(folders, options.out);
      const built = report.buildReport(await report.readRunBundle(result.folder));
      const paths = await report.writeReports(built, result.folder, ['html', 'md']);
      cli.exitCode = exitCodeOfRun(result.run);
      if (options.json === true) cli.terminal.json({ folder: result.folder, reports: paths, run: result.run });
      else printRun(cli.terminal, result, { phaseTable: report.phaseTable, figureText: report.figureText }, paths);
    });
}
