import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import process from 'node:process';
import { FltsError } from '../../contract/index.js';
import { openRegistry } from '../../registry/index.js';
import { TensorRuntime } from '../../runtime/index.js';
import {
  loadSeries,
  synthesize,
  type TrainedModel,
  trainModel,
  type TrainResult,
  writeTextFile,
} from '../../training/index.js';
import type { Cli } from '../cli.js';
import { cleaningLines } from '../forecasting/cleaning-lines.js';
import { duration } from '../forecasting/figures.js';
import { packageVersion } from '../service/package-version.js';

/** Six days of 2-minute rows: the seasonal baseline needs one, the held-out part takes the last fifth. */
const ROWS = 4320;
const SEED = 7;

export interface DemoModels {
  readonly csv: string;
  readonly registry: string;
  readonly training: TrainResult;
  /** The one with the least error relative to persistence; promoted. */
  readonly best: TrainedModel;
}

/** Synthetic traffic, three models on it, and the best of them promoted; everything below `out`. */
export async function makeDemoModels(cli: Cli, out: string): Promise<DemoModels> {
  const { terminal, signal } = cli;
  const csv = join(out, 'traffic.csv');
  const registry = join(out, 'registry');

  const synthesis = terminal.progress('synthetic traffic');
  await writeTextFile(csv, synthesize({ rows: ROWS, seed: SEED, site: 'demo' }));
  const loaded = await loadSeries([csv]);
  synthesis.done(`${ROWS} rows of 2 minutes in ${csv}`);
  for (const line of cleaningLines(loaded).slice(1)) terminal.note(`  ${line}`);

  const progress = terminal.progress('training ridge and LSTM');
  const startedMs = performance.now();
  const training = await trainModel(
    loaded.series,
    { model: 'ensemble', seed: SEED },
    {
      runtime: new TensorRuntime(2),
      newRunId: () => randomBytes(16).toString('hex'),
      created: new Date().toISOString(),
      libraries: { flts: packageVersion(), node: process.version },
      sources: [...loaded.sources],
      signal,
      onProgress: ({ text, fraction, secondsLeft, loss }) => {
        const left = secondsLeft === null ? '' : `, about ${duration(secondsLeft)} left`;
        progress.update(`${text}${loss === null ? '' : `, loss ${loss.toFixed(3)}`}${left}`, fraction);
      },
    },
  ).catch((error: unknown) => {
    progress.clear();
    throw error;
  });
  if (signal.aborted) {
    progress.clear();
    throw new FltsError('FLTS_INTERRUPTED', 'The demo was interrupted while it trained.');
  }
  const [first, ...others] = training.models;
  const figure = ({ bundle }: TrainedModel): number => bundle.accuracy.relative_mae ?? Number.POSITIVE_INFINITY;
  const best = others.reduce((a, b) => (figure(b) < figure(a) ? b : a), first);
  progress.done(`${training.models.length} models in ${duration((performance.now() - startedMs) / 1000)}`);

  const store = openRegistry(registry);
  for (const { bundle, model } of training.models) await store.write(bundle, model);
  await store.promote(best.bundle.run_id, {
    identifier: 'demo',
    experiment: 'demo',
    // Whatever the demo trained is served; the table beside it says how good it is.
    force: figure(best) >= 1,
    timestamp: new Date().toISOString(),
  });
  terminal.note(`✓ promoted  ${best.name} (run ${best.bundle.run_id}) in ${registry}`);
  return { csv, registry, training, best };
}
