import { Command } from 'commander';
import { FltsError } from '../../contract/index.js';
import type { Cli } from '../cli.js';
import { isOnS3, withBundles } from '../load/bundle-store.js';
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
    .argument(
      '<shard...>',
      'folders that `flts loadtest --shard` wrote, all of them; or s3://BUCKET/PREFIX with all of them below',
    )
    .requiredOption('--out <dir>', 'folder of the merged run bundle')
    .option('--json', 'print the run as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts loadtest my.yaml --target URL --shard 0/2 --start-at 2030-01-01T12:00:00Z --out shard-0
  $ flts loadtest my.yaml --target URL --shard 1/2 --start-at 2030-01-01T12:00:00Z --out shard-1
  $ flts merge shard-0 shard-1 --out run
  $ flts merge s3://loadtests/nightly --out run

How S3 is reached is in the environment or flts.yaml, as for registries (AWS_*, s3_endpoint_url).`,
    )
    .action(async (folders: string[], options: Options) => {
      const [{ mergeRuns }, report] = await Promise.all([
        import('../../loadtest/index.js'),
        import('../../report/index.js'),
      ]);
      if (isOnS3(options.out)) {
        throw new FltsError('FLTS_USAGE', '--out of `flts merge` takes a folder on this machine, not a place on S3.');
      }
      const result = await withBundles(cli, folders, (all, placeOf) => mergeRuns(all, options.out, placeOf));
      const built = report.buildReport(await report.readRunBundle(result.folder));
      const paths = await report.writeReports(built, result.folder, ['html', 'md']);
      cli.exitCode = exitCodeOfRun(result.run);
      if (options.json === true) cli.terminal.json({ folder: result.folder, reports: paths, run: result.run });
      else printRun(cli.terminal, result, { phaseTable: report.phaseTable, figureText: report.figureText }, paths);
    });
}
