import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FltsError, type Run } from '../../contract/index.js';
import { preset, runLoadTest, scaled } from '../../loadtest/index.js';
import { writeTextFile } from '../../training/index.js';
import { buildReport, phaseTable, readRunBundle, writeReports } from '../../report/index.js';
import type { Cli } from '../cli.js';
import { printRelativeTable, printTargetTable } from '../forecasting/accuracy-table.js';
import { duration } from '../forecasting/figures.js';
import { LoadProgressLines } from '../load/progress-lines.js';
import { packageVersion } from '../service/package-version.js';
import { type DemoModels, makeDemoModels } from './demo-models.js';
import { type DemoService, startDemoService } from './demo-service.js';

/** 10 s instead of 30 s a level: enough for a first look, and the report says how far the figures carry. */
const SCALE = 1 / 3;
const HORIZONS = [1, 10, 30];

/** Runs every step of the demo and prints what matters. Throws FLTS_INTERRUPTED after Ctrl-C. */
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
  if (run.interrupted === true) {
    throw new FltsError(
      'FLTS_INTERRUPTED',
      `The demo was interrupted during its load test; what it has measured is in ${out}.`,
    );
  }
  const report = buildReport(await readRunBundle(out));
  const [html = ''] = await writeReports(report, out, ['html', 'md']);
  printDemo(cli, models, run, html);
  nextCommands(cli, models, await writeSampleRequest(models, out));
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

/** A request that can be pasted into a shell: the last rows that the model needs, in a file of their own. */
async function writeSampleRequest({ best }: DemoModels, out: string): Promise<string> {
  const { lookback, history, frequency_s: stepS } = best.bundle;
  const first = history.rows - lookback;
  const startMs = Date.parse(`${history.start.slice(0, 19)}Z`);
  const ts = Array.from({ length: lookback }, (_, i) =>
    new Date(startMs + (first + i) * stepS * 1000).toISOString().slice(0, 19),
  );
  const columns = Object.entries(history.columns).map(([name, cells]) => [name, cells.slice(-lookback)] as const);
  const path = join(out, 'request.json');
  await writeTextFile(path, [JSON.stringify({ data: { ts, ...Object.fromEntries(columns) } })]);
  return path;
}

function nextCommands(cli: Cli, models: DemoModels, request: string): void {
  const { terminal } = cli;
  const { csv, registry } = models;
  terminal.line();
  terminal.line(terminal.style('bold', 'Try next'));
  for (const command of [
    `npx flts forecast ${csv} --registry ${registry} --horizon 5 --level 80`,
    `npx flts serve --registry ${registry}`,
    `curl -s http://127.0.0.1:8000/predict -H 'content-type: application/json' -d @${request}`,
    'npx flts loadtest progressive --target http://127.0.0.1:8000',
    `npx flts train YOUR.csv --model ensemble --promote --registry ./flts-registry`,
  ]) {
    terminal.line(`  ${command}`);
  }
}
