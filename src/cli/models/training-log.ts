import type { Bundle } from '../../contract/index.js';
import { FltsError } from '../../contract/index.js';
import type { MlflowRunLog, ModelRegistry } from '../../registry/index.js';
import type { ModelKind, TrainedModel, TrainProgress } from '../../training/index.js';
import type { Cli } from '../cli.js';

interface Wanted {
  readonly registry: string;
  /** Address of an MLflow server beside the registry. */
  readonly mlflow?: string;
  readonly identifier: string;
  readonly experiment: string;
  readonly model: ModelKind;
}

/** The models that a kind is trained as, in the order in which they are made. */
const MODELS_OF: Readonly<Partial<Record<ModelKind, readonly string[]>>> = { ensemble: ['ensemble', 'lstm', 'ridge'] };

/** A training that MLflow sees as it goes. */
export class TrainingLog {
  readonly #log: MlflowRunLog;
  /** The registered model beside the registry; null when the registry is on MLflow itself. */
  readonly beside: ModelRegistry | null;
  readonly #unused: string[];

  constructor(log: MlflowRunLog, beside: ModelRegistry | null) {
    this.#log = log;
    this.beside = beside;
    this.#unused = [...log.runIds];
  }

  /** MLflow's run ids, in the order of the models. */
  newRunId(): string {
    const runId = this.#unused.shift();
    if (runId === undefined) throw new Error('more models than runs');
    return runId;
  }

  note({ epoch, loss, validationLoss }: TrainProgress): void {
    // Validation ends an epoch, and only the fit that chooses the epoch has one.
    if (epoch === null || loss === null || validationLoss === null) return;
    this.#log.noteEpoch(epoch, { loss, validation_loss: validationLoss });
  }

  /** Keeps the models beside the registry, the one that was asked for last: it is the newest version then. */
  async keep(models: readonly TrainedModel[]): Promise<void> {
    for (const { bundle, model } of [...models].reverse()) await this.beside?.write(bundle, model);
  }

  async finish(bundles: readonly Bundle[], wasInterrupted: boolean): Promise<void> {
    await this.#log.finish(bundles, wasInterrupted);
  }

  async fail(): Promise<void> {
    await this.#log.fail();
  }
}

/** Begins the runs on MLflow, where the registry or --mlflow says so; null otherwise. */
export async function beginTrainingLog(cli: Cli, wanted: Wanted): Promise<TrainingLog | null> {
  const { registry, mlflow, identifier, experiment, model } = wanted;
  const isOnMlflow = /^(mlflow:|models:)/.test(registry);
  if (mlflow === undefined && !isOnMlflow) return null;
  if (mlflow !== undefined && isOnMlflow) {
    throw new FltsError('FLTS_USAGE', '--mlflow goes with a registry that is not on MLflow itself.');
  }
  const [{ MlflowRest, MlflowRunLog, openRegistry }, { loadSettings }, { registryAccess }] = await Promise.all([
    import('../../registry/index.js'),
    import('../service/load-settings.js'),
    import('../service/registry-access.js'),
  ]);
  const flags = mlflow === undefined ? {} : { mlflowTrackingUri: mlflow };
  const { settings } = await loadSettings(flags, cli.env, undefined);
  const access = registryAccess(settings, false);
  const beside = mlflow === undefined ? null : openRegistry(`mlflow:models:/${identifier}`, access);
  const names = MODELS_OF[model] ?? [model];
  const log = await MlflowRunLog.begin(new MlflowRest(access.mlflow), experiment, names, Date.now);
  return new TrainingLog(log, beside);
}
