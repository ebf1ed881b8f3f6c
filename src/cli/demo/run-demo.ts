import { mkdir } from 'node:fs/promises';
import { type Run } from '../../contract/index.js';
import { preset, runLoadTest, scaled } from '../../loadtest/index.js';
import { buildReport, phaseTable, readRunBundle, writeReports } from '../../report/index.js';
import type { Cli } from '../cli.js';
import { EXIT_CODES } from '../exit-codes.js';
import { printRelativeTable, printTargetTable } from '../forecasting/accuracy-table.js';
import { duration } from '../forecasting/figures.js';
import { LoadProgressLines } from '../load/progress-lines.js';
import { packageVersion } from '../service/package-version.js';
import { type DemoModels, makeDemoModels } from './demo-models.js';
import { type DemoService, startDemoService } from './demo-service.js';

/** 10 s instead of 30 s a level: enough for a first look, and the report says how far the figures carry. */
const SCALE = 1 / 3;
const HORIZONS = [1, 10, 30];

/** Runs every step of the demo and prints what matters. Sets the exit code only when it was interrupted. */
export async function runDemo(cli: Cli, out: string): Promise<void> {
  const startedMs = performance.now();
  await mkdir(out, { recursive: true });
  const models = await makeDemoModels(cli, out);
  const service = await startDemoService(models.registry, cli.signal);
  cli.terminal.note(`✓ service  ready at ${service.url} in ${Math.round(service.startupMs)} ms`);
  let run: Run;
  try {
    run = await loadService(cli, service, out);
  } finally {
    await service.stop();
  }
  const report = buildReport(await readRunBundle(out));
  const [html = ''] = await writeReports(report, out, ['html', 'md']);
  if (run.interrupted === true) cli.exitCode = EXIT_CODES.interrupted;
  printDemo(cli, models, run, html);
  nextCommands(cli, models);
  cli.terminal.line(cli.terminal.style('dim', `done in ${duration((performance.now() - startedMs) / 1000)}`));
}

async function loadService(cli: Cli, service: DemoService, out: string): Promise<Run> {
  const scenario = preset('progressive');
  if (scenario === null) throw new Error('the preset progressive is gone');
  const progress = new LoadProgressLines(cli.terminal);
  try {
    const { run } = await runLoadTest({
      scenario: scaled(scenario, SCALE),
      target: service.url,
      outDir: out,
      version: packageVersion(),
      signal: cli.signal,
      onProgress: (state) => {
        progress.show(state);
      },
    });
    return run;
  } finally {
    progress.end();
  }
}

function printDemo(cli: Cli, { training, best }: DemoModels, run: Run, html: string): void {
  const { terminal } = cli;
  const title = (text: string): void => {
    terminal.line();
    terminal.line(terminal.style('bold', text));
  };
  title(`Accuracy on ${training.heldOutRows} held-out rows, h steps ahead (bytes per 2 minutes)`);
  printTargetTable(terminal, training.table, 'down', HORIZONS);
  title('Mean over all 11 targets; below 1 beats persistence');
  printRelativeTable(terminal, training.table, HORIZONS);
  terminal.line(`The ${best.name} was promoted: least error one step ahead.`);

  title('Load: closed users, response time in ms with 95 % intervals');
  const table = phaseTable(run);
  terminal.table(table.columns, table.rows);
  const verdict = run.validity?.valid === false ? 'INVALID' : 'VALID';
  terminal.line(`The run is ${terminal.style(verdict === 'VALID' ? 'green' : 'yellow', verdict)}.`);
  for (const reason of run.validity?.reasons ?? []) terminal.line(`  ${reason}`);
  for (const warning of run.validity?.warnings ?? []) terminal.line(`  note: ${warning}`);
  terminal.line(`Report: ${terminal.style('cyan', html)}`);
}

/** A body that can be pasted into a shell: as short as the model allows. */
function curlCommand({ best }: DemoModels): string {
  const { lookback, targets } = best.bundle;
  const times = Array.from({ length: lookback }, (_, i) => `"2024-01-08 00:${String(2 * i).padStart(2, '0')}:00"`);
  const window = best.bundle.golden.window;
  const columns = targets.map(
    (name, i) => `"${name}":[${window.map((row) => Number((row[i] ?? 0).toPrecision(3))).join(',')}]`,
  );
  return `curl -s http://127.0.0.1:8000/predict -H 'content-type: application/json' -d '{"data":{"ts":[${times.join(',')}],${columns.join(',')}}}'`;
}

function nextCommands(cli: Cli, models: DemoModels): void {
  const { terminal } = cli;
  const { csv, registry } = models;
  terminal.line();
  terminal.line(terminal.style('bold', 'Try next'));
  for (const command of [
    `npx flts forecast ${csv} --registry ${registry} --horizon 5 --level 80`,
    `npx flts serve --registry ${registry}`,
    curlCommand(models),
    'npx flts loadtest progressive --target http://127.0.0.1:8000',
    `npx flts train YOUR.csv --model ensemble --promote --registry flts-registry`,
  ]) {
    terminal.line(`  ${command}`);
  }
}
