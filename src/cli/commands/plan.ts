import { Command } from 'commander';
import { FltsError } from '../../contract/index.js';
import type { Cli } from '../cli.js';
import { EXIT_CODES } from '../exit-codes.js';
import { printPlan } from '../load/print-plan.js';

interface Range {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

interface Options {
  readonly users?: number;
  readonly rate?: number;
  readonly p95?: number;
  readonly success?: number;
  readonly replicas?: number;
  readonly headroom?: number;
  readonly cpuSpeedup?: Range;
  readonly gpuSpeedup?: Range;
  readonly gpuPrice?: number;
  readonly emit: readonly string[];
  readonly json?: boolean;
}

const NUMBER_MAX = 1e9;

function above(flag: string, least: number, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value > 0 && value <= NUMBER_MAX)) {
    throw new FltsError('FLTS_USAGE', `${flag} takes a number from ${least} to ${NUMBER_MAX}, not "${text}".`);
  }
  return value;
}

function whole(flag: string, text: string): number {
  const value = above(flag, 1, text);
  if (!Number.isInteger(value)) throw new FltsError('FLTS_USAGE', `${flag} takes a whole number, not "${text}".`);
  return value;
}

/** 30% or 0.3, from 0 to below 1. */
function share(flag: string, text: string): number {
  const [, digits, sign] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  const value = Number(digits) / (sign === '%' ? 100 : 1);
  if (digits === undefined || !(value >= 0 && value < 1)) {
    throw new FltsError('FLTS_USAGE', `${flag} takes a share below 1 such as 0.3 or 30%, not "${text}".`);
  }
  return value;
}

/** 2000, 2000ms or 2s, in ms. */
function milliseconds(flag: string, text: string): number {
  const [, digits = '', unit] = /^([\d.]+)\s*(ms|s)?$/.exec(text.trim()) ?? [];
  return above(flag, 0, digits) * (unit === 's' ? 1000 : 1);
}

/** A factor or a range of it: 1.65 or 1.5-1.8. */
function range(flag: string, text: string): Range {
  const [first = '', second = first, ...rest] = text.split('-');
  const [lower, upper] = [above(flag, 1, first), above(flag, 1, second)];
  if (rest.length > 0 || upper < lower) {
    throw new FltsError(
      'FLTS_USAGE',
      `${flag} takes a factor such as 1.65, or a range such as 1.5-1.8, not "${text}".`,
    );
  }
  return { value: Math.sqrt(lower * upper), lower, upper };
}

/** `flts plan`: replicas and limits for a target, from a measured capacity run. */
export function planCommand(cli: Cli): Command {
  return new Command('plan')
    .description('Plan replicas, CPU and limits for a target from a capacity run, and write them as files')
    .argument('<run>', 'run bundle of `flts loadtest capacity`, or a run.json with six levels of users')
    .option('--users <n>', 'users at once that wait for their answers', (v) => whole('--users', v))
    .option('--rate <per-s>', 'requests per second, whatever the answers do', (v) => above('--rate', 0, v))
    .option('--p95 <ms>', 'highest p95 response time, such as 2000ms (default: twice that of one user)', (v) =>
      milliseconds('--p95', v),
    )
    .option('--success <share>', 'share of right answers, such as 99.9%', (v) => share('--success', v))
    .option('--replicas <n>', 'pods that shared the measured load (default: as many as answered)', (v) =>
      whole('--replicas', v),
    )
    .option('--headroom <share>', 'capacity that a rate leaves free (default: 30%)', (v) => share('--headroom', v))
    .option('--cpu-speedup <factor>', 'measured: throughput with twice the CPU (assumed: 1.5-1.8)', (v) =>
      range('--cpu-speedup', v),
    )
    .option('--gpu-speedup <factor>', 'measured: how much faster a GPU runs the model (assumed: 10-20)', (v) =>
      range('--gpu-speedup', v),
    )
    .option('--gpu-price <factor>', 'price of a replica with a GPU (assumed: 3)', (v) => above('--gpu-price', 0, v))
    .option(
      '--emit <file>',
      'write …values.yaml, …hpa.yaml, …keda.yaml (Helm) or ….env; may be repeated',
      (value: string, before: readonly string[]): readonly string[] => [...before, value],
      [],
    )
    .option('--json', 'print the plan as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ flts loadtest capacity --target http://127.0.0.1:8000 --out capacity
  $ flts plan capacity --users 100 --p95 2s
  $ flts plan capacity --rate 200 --p95 500ms --emit values.yaml --emit hpa.yaml

Exit codes: 0 planned, 5 the measured figures do not carry such a plan (the reason is printed).`,
    )
    .action(async (path: string, options: Options) => {
      await planRun(cli, path, options);
    });
}

async function planRun(cli: Cli, path: string, options: Options): Promise<void> {
  if (options.users === undefined && options.rate === undefined) {
    throw new FltsError('FLTS_USAGE', 'Say what is wanted: --users N, --rate N, or both.');
  }
  const report = await import('../../report/index.js');
  const wrong = options.emit.find((file) => report.emittedKind(file) === null);
  if (wrong !== undefined) {
    throw new FltsError('FLTS_USAGE', `--emit knows files that end with ${report.EMITTED.join(', ')}, not "${wrong}".`);
  }
  const plan = report.buildPlan(await report.readRunBundle(path), {
    users: options.users ?? null,
    ratePerS: options.rate ?? null,
    p95Ms: options.p95 ?? null,
    success: options.success ?? null,
    replicas: options.replicas ?? null,
    headroom: options.headroom ?? report.PLAN_DEFAULTS.headroom,
    cpuSpeedup: options.cpuSpeedup ?? report.PLAN_DEFAULTS.cpuSpeedup,
    gpuSpeedup: options.gpuSpeedup ?? report.PLAN_DEFAULTS.gpuSpeedup,
    gpuPrice: options.gpuPrice ?? report.PLAN_DEFAULTS.gpuPrice,
  });
  const { sizes } = plan;
  const written: string[] = [];
  for (const file of options.emit) {
    const kind = report.emittedKind(file);
    if (kind === null || sizes === null) continue;
    await report.writeText(file, report.emitFile(kind, plan, sizes, path));
    written.push(file);
  }
  if (plan.plan === null) cli.exitCode = EXIT_CODES.refused;
  if (options.json === true) {
    cli.terminal.line(report.renderPlanJson(plan).trimEnd());
    return;
  }
  printPlan(
    cli.terminal,
    {
      facts: report.fitFacts(plan.fit),
      target: report.targetText(plan),
      plan: report.planFacts(plan),
      refusal: plan.refusal,
      pathTitles: report.PATH_TITLES,
      paths: report.pathRows(plan.paths),
      assumptions: plan.assumptions,
    },
    written,
  );
}
