import { type Bundle, BUNDLE_FILE, FltsError, MODEL_FILE } from '../../contract/index.js';
import { digestOf } from '../bundle-files.js';
import type { ArtifactFolders } from './artifact-folder.js';
import { readAnswer, RunAnswer } from './mlflow-answers.js';
import type { MlflowRest } from './mlflow-rest.js';
import { mlmodelFile, PYTHON_ENV_FILE, PYTHON_ENV_TEXT, REQUIREMENTS_TEXT } from './mlmodel-file.js';

/** Tags of flts on model versions and runs. */
export const TAGS = {
  runId: 'flts.run_id',
  modelType: 'flts.model_type',
  bundleSha256: 'flts.bundle_sha256',
  /** The pointer of the last promotion, JSON. */
  pointer: 'flts.pointer',
} as const;

/** The folder of a run's artifacts that holds the model, as MLflow's own loggers call it. */
const MODEL_PATH = 'model';
const DEFAULT_EXPERIMENT_ID = '0';

interface NewVersion {
  /** Of the registered model. */
  readonly name: string;
  readonly bundle: Bundle;
  readonly text: string;
  readonly model: Uint8Array;
}

interface Run {
  readonly runId: string;
  readonly artifactUri: string;
  readonly isNew: boolean;
}

/**
 * Uploads a bundle as artifacts of its run, then makes it a version of the registered model, which is the step that
 * counts. The run is the one that logged the training, where there is one; else a run is made for the bundle.
 */
export async function registerVersion(rest: MlflowRest, folders: ArtifactFolders, version: NewVersion): Promise<void> {
  const { name, bundle, text, model } = version;
  const run = await runFor(rest, bundle);
  const source = `${run.artifactUri}/${MODEL_PATH}`;
  const folder = folders.open(source);
  await folder.put(MODEL_FILE, model);
  await folder.put('MLmodel', mlmodelFile(bundle, run.runId));
  await folder.put('requirements.txt', REQUIREMENTS_TEXT);
  await folder.put(PYTHON_ENV_FILE, PYTHON_ENV_TEXT);
  await folder.put(BUNDLE_FILE, text);
  await makeRegisteredModel(rest, name);
  const tags = {
    [TAGS.runId]: bundle.run_id,
    [TAGS.modelType]: bundle.model_type,
    [TAGS.bundleSha256]: digestOf(text),
  };
  await rest.post('/model-versions/create', { name, source, run_id: run.runId, tags: tagList(tags) });
  if (run.isNew)
    await rest.post('/runs/update', { run_id: run.runId, status: 'FINISHED', end_time: Date.parse(bundle.created) });
}

async function runFor(rest: MlflowRest, bundle: Bundle): Promise<Run> {
  const logged = await rest.get('/runs/get', { run_id: bundle.run_id });
  const made =
    logged ??
    (await rest.post('/runs/create', {
      experiment_id: DEFAULT_EXPERIMENT_ID,
      run_name: `${bundle.model_type.toLowerCase()} ${bundle.run_id.slice(0, 8)}`,
      start_time: Date.parse(bundle.created),
      tags: tagList({ [TAGS.runId]: bundle.run_id }),
    }));
  const { run_id: runId, artifact_uri: artifactUri } = readAnswer(RunAnswer, made, 'a run').run.info;
  return { runId, artifactUri, isNew: logged === null };
}

async function makeRegisteredModel(rest: MlflowRest, name: string): Promise<void> {
  if ((await rest.get('/registered-models/get', { name })) !== null) return;
  try {
    await rest.post('/registered-models/create', { name });
  } catch (error) {
    // Somebody else made it at this moment, or the name is not to MLflow's liking: a second look tells.
    if (!(error instanceof FltsError) || (await rest.get('/registered-models/get', { name })) === null) throw error;
  }
}

/** MLflow's form of tags. */
export function tagList(tags: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}
