import { FltsError } from '../../contract/index.js';
import { LoggedModelAnswer, LoggedModelsAnswer, readAnswer, RunAnswer } from './mlflow-answers.js';
import type { MlflowRest } from './mlflow-rest.js';

/** What MLflow allows in the name of a logged model; others are folders of a run. */
const LOGGED_NAME = /^[^/:.%'"\p{Cc}]+$/u;

/**
 * Where the artifacts of MLflow's own kinds of URI lie: `runs:/RUN_ID/PATH`, `models:/m-…`. Others lie where they say.
 * Throws FLTS_NO_MODEL when there is no such run or model, FLTS_SOURCE_*.
 */
export async function resolveArtifacts(rest: MlflowRest, uri: string): Promise<string> {
  const [, runId, path = ''] = /^runs:\/([0-9a-f]{32})\/(.+)$/.exec(uri) ?? [];
  if (runId !== undefined) return await ofRun(rest, runId, path);
  const [, modelId] = /^models:\/(m-[0-9a-f]{32})$/.exec(uri) ?? [];
  if (modelId === undefined) return uri;
  const answer = await rest.get(`/logged-models/${modelId}`, {});
  if (answer === null) throw new FltsError('FLTS_NO_MODEL', `MLflow has no model ${modelId}.`);
  return readAnswer(LoggedModelAnswer, answer, uri).model.info.artifact_uri;
}

/** Since MLflow 3 the models that a run logs lie beside its artifacts, by their names; of several, the newest counts. */
async function ofRun(rest: MlflowRest, runId: string, path: string): Promise<string> {
  const answer = await rest.get('/runs/get', { run_id: runId });
  if (answer === null) throw new FltsError('FLTS_NO_MODEL', `MLflow has no run ${runId}.`);
  const { info, outputs } = readAnswer(RunAnswer, answer, `run ${runId}`).run;
  const hasLogged = (outputs?.model_outputs ?? []).length > 0;
  if (hasLogged && info.experiment_id !== undefined && LOGGED_NAME.test(path)) {
    const search = {
      experiment_ids: [info.experiment_id],
      filter: `name = '${path}' AND source_run_id = '${runId}'`,
      order_by: [{ field_name: 'creation_timestamp', ascending: false }],
      max_results: 1,
    };
    const found = readAnswer(
      LoggedModelsAnswer,
      await rest.post('/logged-models/search', search),
      `models of ${runId}`,
    );
    const [newest] = found.models ?? [];
    if (newest !== undefined) return newest.info.artifact_uri;
  }
  return `${info.artifact_uri}/${path}`;
}
