import { Command } from 'commander';
import { FltsError } from '../../contract/index.js';
import type { NamedRun } from '../../report/index.js';
import type { Cli } from '../cli.js';
import { EXIT_CODES, EXIT_OK } from '../exit-codes.js';
import { printComparison } from '../load/print-comparison.js';

interface Options {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly metric?: string;
  readonly secondary?: readonly string[];
  readonly threshold?: number;
  readonly remedy?: string;
  readonly markdown?: string;
  readonly junit?: string;
  readonly json?: boolean;
}

/** More runs than these on one side are a mistake of a wildcard. */
const RUNS_MAX = 200;

function thresholdOf(text: string): number {
  const [, digits, sign] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  const value = Number(digits) / (sign === '%' ? 100 : 1);
  if (digits === undefined || !(value > 0 && value < 1)) {
    throw new FltsError('FLTS_USAGE', `--threshold takes a share such as 5% or 0.05, not "${text}".`);
  }
  return value;
}

/** `flts compare`: whether runs of one kind are worse than runs of another, run by run. */
export function compareCommand(cli: Cli): Command {
  return new Command('compare')
    .description('Compare load tests run by run: is B worse than A, by how much, and how sure is that?')
    .requiredOption('--a <run...>', 'run bundles of the one side, at least 4')
    .requiredOption('--b <run...>', 'run bundles of the other side, measured in turns with them (A B A B)')
    .option('--metric <figure>', 'what decides: FIGURE[@PHASE] (default: p95 of the last phase)')
    .option('--secondary <figure...>', 'what is shown beside it (default: p50, p99, throughput, success)')
    .option('--threshold <share>', 'smaller shifts do not matter (default: 5%)', thresholdOf)
    .option('--remedy <id>', "a remedy of A's diagnosis that B has: did its prediction come true?")
    .option('--markdown <file>', 'write a comment for a pull request')
    .option('--junit <file>', 'write a JUnit report for a build server')
    .option('--json', 'print the comparison as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts compare --a main-1 main-2 main-3 main-4 main-5 --b new-1 new-2 new-3 new-4 new-5
  $ flts compare --a before-* --b after-* --remedy concurrency_limit/raise
  $ flts compare --a main-* --b new-* --metric p95@50 --threshold 10% --markdown comment.md --junit compare.xml

Exit codes: 0 not worse, 99 the deciding figure is worse, 98 the runs cannot be compared.`,
    )
    .action(async (options: Options) => {
      await compareRuns(cli, options);
    });
}

async function compareRuns(cli: Cli, options: Options): Promise<void> {
  if (Math.max(options.a.length, options.b.length) > RUNS_MAX) {
    throw new FltsError('FLTS_USAGE', `At most ${RUNS_MAX} runs on each side.`);
  }
  const report = await import('../../report/index.js');
  const read = (paths: readonly string[]): Promise<NamedRun[]> =>
    Promise.all(paths.map(async (name) => ({ name, run: (await report.readRunFile(name)).run })));
  const [a, b] = await Promise.all([read(options.a), read(options.b)]);
  const metrics = report.comparedMetrics(options, a);
  if (typeof metrics === 'string') throw new FltsError('FLTS_USAGE', metrics);
  const remedy =
    options.remedy === undefined
      ? null
      : report.checkRemedy(report.diagnoseBundle(await report.readRunBundle(options.a[0] ?? '')), options.remedy, a, b);
  if (typeof remedy === 'string') throw new FltsError('FLTS_USAGE', remedy);
  const comparison = report.buildComparison(a, b, metrics, options.threshold, remedy);
  const files = [
    [options.markdown, report.renderComparisonMarkdown],
    [options.junit, report.renderComparisonJunit],
  ] as const;
  for (const [path, render] of files) {
    if (path !== undefined) await report.writeText(path, render(comparison));
  }
  cli.exitCode =
    comparison.verdict === 'NOT COMPARABLE'
      ? EXIT_CODES.invalid_run
      : comparison.verdict === 'WORSE'
        ? EXIT_CODES.requirement_failed
        : EXIT_OK;
  if (options.json === true) cli.terminal.line(report.renderComparisonJson(comparison).trimEnd());
  else {
    const written = files.flatMap(([path]) => (path === undefined ? [] : [path]));
    const texts = {
      table: report.comparisonTable(comparison),
      power: report.powerSentence(comparison),
      remedy: remedy === null ? null : report.remedySentence(remedy),
      verdict: report.verdictSentence(comparison),
    };
    printComparison(cli.terminal, comparison, texts, written);
  }
}
