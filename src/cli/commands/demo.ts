import { Command } from 'commander';
import type { Cli } from '../cli.js';

/** `flts demo`: the whole main job on synthetic data. */
export function demoCommand(cli: Cli): Command {
  return new Command('demo')
    .description('The whole main job on synthetic data: traffic, models, service, load test, report')
    .option('--out <dir>', 'folder for everything that the demo writes', 'flts-demo')
    .addHelpText(
      'after',
      `
Examples:
  $ flts demo
  $ flts demo --out /tmp/flts-demo

Takes about a minute and a half on two cores. Ctrl-C stops everything that it started. Exit code 0 when all steps ran,
also when the load test is called INVALID: the reason is printed.`,
    )
    .action(async ({ out }: { out: string }) => {
      const { runDemo } = await import('../demo/run-demo.js');
      await runDemo(cli, out);
    });
}
