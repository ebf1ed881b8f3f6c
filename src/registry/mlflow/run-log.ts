import { type Static, Type } from 'typebox';
import type { Bundle } from '../../contract/index.js';
import { readAnswer, RunAnswer } from './mlflow-answers.js';
import type { MlflowRest } from './mlflow-rest.js';
import { tagList, TAGS } from './register-version.js';

const ExperimentAnswer = Type.Object({ experiment: Type.Object({ experiment_id: Type.String() }) });
const NewExperimentAnswer = Type.Object({ experiment_id: Type.String() });
/** What `default` means: the experiment that every MLflow server has. */
const DEFAULT_EXPERIMENT_ID = '0';
const PARAM_CHARS_MAX = 500;
const BATCH_PARAMS_MAX = 100;
const BATCH_METRICS_MAX = 1000;

export type Figures = Readonly<Record<string, number>>;

/**
 * A training as MLflow shows it: a run for each model, those of members below that of their ensemble. The runs exist
 * before the training, so that bundles carry MLflow's run ids. Methods throw FLTS_SOURCE_*.
 */
export class MlflowRunLog {
  readonly runIds: readonly string[];
  readonly #rest: MlflowRest;
  readonly #nowMs: () => number;
  /** Figures are sent one after the other, in the background of the training. */
  #sending: Promise<unknown> = Promise.resolve();

  private constructor(rest: MlflowRest, runIds: readonly string[], nowMs: () => number) {
    this.#rest = rest;
    this.runIds = runIds;
    this.#nowMs = nowMs;
  }

  /** Makes a run for each of `names`, the model that was asked for first. */
  static async begin(
    rest: MlflowRest,
    experiment: string,
    names: readonly string[],
    nowMs: () => number,
  ): Promise<MlflowRunLog> {
    const experimentId = await experimentOf(rest, experiment);
    const runIds: string[] = [];
    for (const name of names) {
      const [parent] = runIds;
      const tags = {
        'mlflow.source.name': 'flts train',
        ...(parent === undefined ? {} : { 'mlflow.parentRunId': parent }),
      };
      const run = { experiment_id: experimentId, run_name: name, start_time: nowMs(), tags: tagList(tags) };
      runIds.push(readAnswer(RunAnswer, await rest.post('/runs/create', run), 'a new run').run.info.run_id);
    }
    return new MlflowRunLog(rest, runIds, nowMs);
  }

  /** Notes figures of an epoch, 1…, of the training. What goes wrong comes out at `finish`. */
  noteEpoch(epoch: number, figures: Figures): void {
    const [runId] = this.runIds;
    if (runId === undefined) return;
    const batch = { run_id: runId, metrics: this.#metrics(figures, epoch) };
    const sent = this.#sending.then(() => this.#rest.post('/runs/log-batch', batch));
    this.#sending = sent;
    // It is awaited at the end; until then nobody listens.
    sent.catch(() => undefined);
  }

  /** Writes parameters and accuracy of every model, and ends the runs. */
  async finish(bundles: readonly Bundle[], wasInterrupted: boolean): Promise<void> {
    await this.#sending;
    for (const bundle of bundles) {
      const params = Object.entries(paramsOf(bundle)).slice(0, BATCH_PARAMS_MAX);
      await this.#rest.post('/runs/log-batch', {
        run_id: bundle.run_id,
        params: params.map(([key, value]) => ({ key, value: value.slice(0, PARAM_CHARS_MAX) })),
        metrics: this.#metrics(accuracyOf(bundle), 0).slice(0, BATCH_METRICS_MAX),
        tags: tagList({ [TAGS.runId]: bundle.run_id, [TAGS.modelType]: bundle.model_type }),
      });
    }
    await this.#end(wasInterrupted ? 'KILLED' : 'FINISHED');
  }

  /** Ends the runs of a training that failed. */
  async fail(): Promise<void> {
    await this.#end('FAILED');
  }

  async #end(status: 'FINISHED' | 'KILLED' | 'FAILED'): Promise<void> {
    for (const runId of this.runIds) {
      await this.#rest.post('/runs/update', { run_id: runId, status, end_time: this.#nowMs() });
    }
  }

  #metrics(figures: Figures, step: number): { key: string; value: number; timestamp: number; step: number }[] {
    const timestamp = this.#nowMs();
    return Object.entries(figures)
      .filter(([, value]) => Number.isFinite(value))
      .map(([name, value]) => ({ key: name.replace(/[^\w\-./ ]/g, '_'), value, timestamp, step }));
  }
}

async function experimentOf(rest: MlflowRest, name: string): Promise<string> {
  if (name === 'default') return DEFAULT_EXPERIMENT_ID;
  const known = await rest.get('/experiments/get-by-name', { experiment_name: name });
  if (known !== null) return readAnswer(ExperimentAnswer, known, name).experiment.experiment_id;
  const made: Static<typeof NewExperimentAnswer> = readAnswer(
    NewExperimentAnswer,
    await rest.post('/experiments/create', { name }),
    name,
  );
  return made.experiment_id;
}

function paramsOf({
  training,
  lookback,
  steps,
  frequency_s,
  features,
  targets,
  model_type,
}: Bundle): Record<string, string> {
  const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const own = Object.entries(training.hyperparameters).map(([name, value]) => [name, text(value)] as const);
  return {
    ...Object.fromEntries(own),
    model_type,
    lookback: String(lookback),
    steps: String(steps),
    frequency_s: String(frequency_s),
    features: String(features.length),
    targets: targets.join(','),
    seed: String(training.seed),
    train_rows: String(training.split.train_rows),
    test_rows: String(training.split.test_rows),
    sources: training.sources.map(({ name }) => name).join(','),
    data_sha256: training.data_sha256,
    config_hash: training.config_hash,
  };
}

/** Of the model itself on held-out rows: the summary, and MAE and RMSE by target and horizon in raw units. */
function accuracyOf({ accuracy }: Bundle): Record<string, number> {
  const { relative_mae, score, rmse, mae, mse } = accuracy;
  // An imported model may have no figures of its own.
  const summary = Object.entries({ relative_mae, score, rmse, mae, mse }).filter(([, value]) => value !== null);
  const figures = Object.fromEntries(summary) as Record<string, number>;
  for (const { kind, horizon, targets } of accuracy.rows) {
    if (kind !== 'model') continue;
    for (const [target, errors] of Object.entries(targets)) {
      figures[`mae/${target}/h${horizon}`] = errors.mae;
      figures[`rmse/${target}/h${horizon}`] = errors.rmse;
    }
  }
  return figures;
}
