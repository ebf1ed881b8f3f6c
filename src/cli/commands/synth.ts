import { Command } from 'commander';
import type { Cli } from '../cli.js';
import { numberOf } from '../forecasting/option-values.js';

interface Options {
  readonly rows: number;
  readonly seed: number;
  readonly out: string;
  readonly site: string;
  readonly json?: boolean;
}

/** `flts synth`: a CSV file of synthetic cell traffic. */
export function synthCommand(cli: Cli): Command {
  return new Command('synth')
    .description('Write synthetic LTE cell traffic as a CSV file')
    .requiredOption('--rows <n>', 'rows, 2 minutes apart; a day has 720', numberOf('--rows'))
    .requiredOption('--out <file.csv>', 'file to write, an existing one is replaced; - is stdout')
    .option('--seed <n>', 'the same seed gives the same file', numberOf('--seed'), 1)
    .option('--site <name>', 'sites differ in level, daily shape and bursts', 'demo')
    .option('--json', 'print what was written as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts synth --rows 5000 --seed 7 --out traffic.csv
  $ flts train traffic.csv --promote`,
    )
    .action(async ({ rows, seed, out, site, json }: Options) => {
      const [{ SYNTHETIC_ROWS_MAX, synthesize, writeTextFile }, { FltsError }] = await Promise.all([
        import('../../training/index.js'),
        import('../../contract/index.js'),
      ]);
      if (!Number.isInteger(rows) || rows < 1 || rows > SYNTHETIC_ROWS_MAX) {
        throw new FltsError('FLTS_USAGE', `--rows takes a whole number from 1 to ${SYNTHETIC_ROWS_MAX}, not ${rows}.`);
      }
      if (!Number.isInteger(seed) || seed < 0) {
        throw new FltsError('FLTS_USAGE', `--seed takes a whole number from 0, not ${seed}.`);
      }
      if (out === '-') {
        for (const line of synthesize({ rows, seed, site })) cli.terminal.line(line);
        return;
      }
      await writeTextFile(out, synthesize({ rows, seed, site }));
      if (json === true) cli.terminal.json({ file: out, rows, seed, site });
      else cli.terminal.line(`${out}: ${rows} rows of synthetic traffic (site ${site}, seed ${seed})`);
    });
}
