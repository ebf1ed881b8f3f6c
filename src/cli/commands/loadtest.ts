import { Command } from 'commander';
import { FltsError, type Scenario } from '../../contract/index.js';
import type { RunResult } from '../../loadtest/index.js';
import type { ObjectStore } from '../../registry/index.js';
import type { Cli } from '../cli.js';
import { isOnS3, openBundleStore, prepareBundleStore, shardPlace, uploadBundle } from '../load/bundle-store.js';
import { exitCodeOfRun } from '../load/exit-code-of-run.js';
import { LoadProgressLines, progressRecord } from '../load/progress-lines.js';
import { printRun } from '../load/print-run.js';

interface Options {
  readonly target?: string;
  readonly init?: string;
  readonly capacity?: number;
  readonly shard?: string;
  readonly startAt?: string;
  readonly kube?: string;
  readonly out?: string;
  readonly require: readonly string[];
  readonly scale?: number;
  readonly nullUrl?: string;
  readonly data?: string;
  readonly columns?: string;
  readonly horizon?: number;
  readonly header: readonly string[];
  readonly generators?: number;
  readonly seed?: number;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Where run bundles go when nobody says otherwise. */
const RUNS_FOLDER = 'flts-runs';

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

function number(flag: string, value: string): number {
  const read = Number(value);
  if (value.trim() === '' || !Number.isFinite(read))
    throw new FltsError('FLTS_USAGE', `${flag} takes a number, not "${value}".`);
  return read;
}

/** `flts loadtest`: drives a scenario against a service, writes the run bundle and its report. */
export function loadtestCommand(cli: Cli): Command {
  return new Command('loadtest')
    .description('Load a running service, judge the run, write a run bundle and its report')
    .argument('[scenario]', 'a preset (smoke, progressive, production, capacity, overload) or a scenario file in YAML')
    .option('--target <url>', 'the service, such as http://127.0.0.1:8000')
    .option('--init <file.yaml>', 'write a commented scenario to start from, and end')
    .option(
      '--out <place>',
      'folder of the run bundle (default: flts-runs/<scenario>-<time>), or s3://BUCKET/PREFIX to copy it to when it is whole',
    )
    .option('--require <expression>', 'requirement, such as p95@100<2000ms; may be repeated', collect, [])
    .option('--scale <factor>', 'multiply the lengths of phases, none below 5 s', (v) => number('--scale', v))
    .option('--capacity <rate>', 'requests per second that shares of the capacity refer to', (v) =>
      number('--capacity', v),
    )
    .option('--shard <i/n>', 'drive part i (from 0) of n of the load; `flts merge` puts the parts together')
    .option('--start-at <time>', 'when every shard starts, ISO 8601; needed with --shard')
    .option('--null-url <url>', "a route that does nothing, for the instrument's floor (default: /livez)")
    .option('--data <file.csv>', 'cut the windows from the rows of this file instead of generating them')
    .option('--columns <names>', 'feature columns of the windows, separated by commas')
    .option('--horizon <steps>', 'steps that every request asks for', (v) => number('--horizon', v))
    .option('--header <line>', 'header of every request, such as "X-Api-Key: …"; may be repeated', collect, [])
    .option('--generators <n>', 'generator processes (default: 2, or 1 on one core)', (v) => number('--generators', v))
    .option('--seed <n>', 'seed of generated windows', (v) => number('--seed', v))
    .option('--kube <selector>', 'inside a cluster: watch the pods with these labels, such as app=inference')
    .option('--yes', 'load a host beyond this machine with more than 100 users or 1,000 requests per second')
    .option('--json', 'print the run as JSON, and a line of JSON a second to stderr while it runs')
    .addHelpText(
      'after',
      `
Examples:
  $ flts loadtest smoke --target http://127.0.0.1:8000
  $ flts loadtest progressive --target http://127.0.0.1:8000 --require 'p95@100<2000ms' --require 'success>=99.9%'
  $ flts loadtest production --scale 0.02 --target http://127.0.0.1:8000
  $ flts loadtest capacity --target http://127.0.0.1:8000
  $ flts loadtest --init my-scenario.yaml
  $ flts loadtest my-scenario.yaml --target https://staging.example --header "X-Api-Key: $KEY" --out run-1
  $ flts loadtest my-scenario.yaml --target URL --shard "$JOB_COMPLETION_INDEX/4" --start-at 2030-01-01T12:00:00Z --out s3://loadtests/nightly

A shard's bundle goes to PREFIX/shard-<i>; how S3 is reached is in the environment or flts.yaml, as for registries.

Exit codes: 0 passed, 99 a requirement failed, 98 the run is invalid, 130 ended by Ctrl-C (what was measured is kept).`,
    )
    .action(async (name: string | undefined, options: Options) => {
      await runCommand(cli, name, options);
    });
}

function headersOf(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    // The value may be a secret: the message names the header at most.
    if (colon <= 0) throw new FltsError('FLTS_USAGE', '--header takes "Name: value".');
    headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return headers;
}

/** The scenario with what the command line says on top. */
function withFlags(scenario: Scenario, options: Options): Scenario {
  const { data, columns, horizon, generators, seed } = options;
  const headers = headersOf(options.header);
  return {
    ...scenario,
    ...(generators === undefined ? {} : { generators }),
    ...(seed === undefined ? {} : { seed }),
    request: {
      ...scenario.request,
      ...(data === undefined ? {} : { data }),
      ...(columns === undefined ? {} : { columns: columns.split(',').map((column) => column.trim()) }),
      ...(horizon === undefined ? {} : { horizon }),
      ...(options.header.length === 0 ? {} : { headers: { ...scenario.request?.headers, ...headers } }),
    },
  };
}

function defaultFolder(scenario: Scenario, shard: { index: number } | null, now: Date): string {
  const time = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  return `${RUNS_FOLDER}/${(scenario.name ?? 'custom').replace(/[^A-Za-z0-9._-]+/g, '-')}-${time}${shard === null ? '' : `-shard-${shard.index}`}`;
}

/** `2/4` as the third of four shards. */
function shardOf(options: Options): { index: number; count: number; startAt: Date } | null {
  if (options.shard === undefined) {
    if (options.startAt !== undefined) throw new FltsError('FLTS_USAGE', '--start-at belongs to --shard.');
    return null;
  }
  const [, index = '', count = ''] = /^(\d{1,4})\/(\d{1,4})$/.exec(options.shard) ?? [];
  if (count === '' || Number(index) >= Number(count)) {
    throw new FltsError('FLTS_USAGE', `--shard takes i/n with i from 0 to n - 1, not "${options.shard}".`);
  }
  const startAt = new Date(options.startAt ?? '');
  if (Number.isNaN(startAt.getTime())) {
    throw new FltsError('FLTS_USAGE', '--shard needs --start-at with a time in ISO 8601, the same for every shard.');
  }
  return { index: Number(index), count: Number(count), startAt };
}

/** The capacity that the last run against this target found, where the scenario refers to one. */
async function knownCapacity(cli: Cli, scenario: Scenario, target: string): Promise<number | undefined> {
  if (scenario.phases.every((phase) => phase.of_capacity === undefined)) return undefined;
  const [{ lastCapacity }, { resolveTarget }] = await Promise.all([
    import('../load/last-capacity.js'),
    import('../../loadtest/index.js'),
  ]);
  const found = await lastCapacity(RUNS_FOLDER, resolveTarget(target).url);
  if (found === null) return undefined;
  cli.terminal.note(`Capacity ${found.perS}/s, as ${found.path} found it; --capacity says otherwise.`);
  return found.perS;
}

async function writeInitial(cli: Cli, path: string): Promise<void> {
  const [{ INITIAL_SCENARIO }, { writeFile }] = await Promise.all([
    import('../../loadtest/index.js'),
    import('node:fs/promises'),
  ]);
  // `wx`: a file that is there already may be somebody's work.
  await writeFile(path, INITIAL_SCENARIO, { flag: 'wx' }).catch((cause: unknown) => {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const said = reason === 'EEXIST' ? 'is there already' : `cannot be written: ${reason}`;
    throw new FltsError('FLTS_CANNOT_WRITE', `${path} ${said}.`, { cause });
  });
  cli.terminal.line(`${path}  edit it, then: flts loadtest ${path} --target http://127.0.0.1:8000`);
}

async function runCommand(cli: Cli, name: string | undefined, options: Options): Promise<void> {
  if (options.init !== undefined) {
    await writeInitial(cli, options.init);
    return;
  }
  const { target } = options;
  if (name === undefined)
    throw new FltsError('FLTS_USAGE', 'Name a preset or a scenario file, or write one with --init.');
  if (target === undefined)
    throw new FltsError('FLTS_USAGE', '--target says which service to load, such as http://127.0.0.1:8000.');
  const shard = shardOf(options);
  const [{ loadScenario, runLoadTest, scaled }, { packageVersion }, path] = await Promise.all([
    import('../../loadtest/index.js'),
    import('../service/package-version.js'),
    import('node:path'),
  ]);
  const loaded = await loadScenario(name);
  const scenario = withFlags(scaled(loaded.scenario, options.scale ?? 1), {
    ...options,
    // A path on the command line is relative to where the command runs, not to the scenario's folder.
    ...(options.data === undefined ? {} : { data: path.resolve(options.data) }),
  });
  // Shards on other machines know other runs: what they refer to has to be said.
  const known =
    shard === null && options.capacity === undefined ? await knownCapacity(cli, scenario, target) : undefined;
  const capacityPerS = options.capacity ?? known;
  const store = await storeOf(cli, options.out, shard);
  const progress = new LoadProgressLines(cli.terminal);
  try {
    if (store !== null) await prepareBundleStore(store);
    const result = await runLoadTest({
      scenario,
      scenarioFolder: loaded.folder,
      target,
      ...(capacityPerS === undefined ? {} : { capacityPerS }),
      ...(shard === null ? {} : { shard }),
      ...(options.kube === undefined ? {} : { kube: { selector: options.kube, env: cli.env } }),
      outDir: store === null && options.out !== undefined ? options.out : defaultFolder(scenario, shard, new Date()),
      require: options.require,
      ...(options.nullUrl === undefined ? {} : { nullUrl: options.nullUrl }),
      consent: options.yes === true,
      version: packageVersion(),
      signal: cli.signal,
      onProgress: (state) => {
        if (options.json === true) cli.terminal.note(JSON.stringify(progressRecord(state)));
        else progress.show(state);
      },
    });
    progress.end();
    await reportRun(cli, result, store, options.json === true);
  } finally {
    progress.end();
    store?.close();
  }
}

/** Where the bundle is copied to when it is whole; null when it stays on this machine alone. */
async function storeOf(cli: Cli, out: string | undefined, shard: { index: number } | null) {
  if (out === undefined || !isOnS3(out)) return null;
  return await openBundleStore(cli, shard === null ? out : shardPlace(out, shard.index));
}

/** Reports, the copy on S3, the exit code, and what is printed. */
async function reportRun(cli: Cli, result: RunResult, store: ObjectStore | null, asJson: boolean): Promise<void> {
  const report = await import('../../report/index.js');
  const bundle = await report.readRunBundle(result.folder);
  const paths = await report.writeReports(report.buildReport(bundle), result.folder, ['html', 'md']);
  if (store !== null) {
    await uploadBundle(result.folder, store);
    if (!asJson) cli.terminal.note(`The bundle is at ${store.uri} as well.`);
  }
  cli.exitCode = exitCodeOfRun(result.run);
  if (asJson) {
    const copy = store === null ? {} : { copy: store.uri };
    cli.terminal.json({ folder: result.folder, ...copy, reports: paths, run: result.run });
  } else printRun(cli.terminal, result, { phaseTable: report.phaseTable, figureText: report.figureText }, paths);
}
