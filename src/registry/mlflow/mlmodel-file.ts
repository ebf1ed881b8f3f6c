import { type Bundle, MODEL_FILE } from '../../contract/index.js';

/**
 * MLflow's own description of a logged model: with it, MLflow's page shows the signature, and Python loads the version
 * with `mlflow.onnx.load_model` or `mlflow.pyfunc.load_model`. YAML is a superset of JSON, and strings here are JSON's.
 */
export function mlmodelFile(bundle: Bundle, mlflowRunId: string): string {
  const { lookback, steps, features, targets } = bundle;
  const tensor = (name: string, shape: readonly number[]): string =>
    JSON.stringify([{ name, type: 'tensor', 'tensor-spec': { dtype: 'float32', shape } }]);
  const description = {
    artifact_path: 'model',
    flavors: {
      onnx: { code: null, data: MODEL_FILE, onnx_version: '1.17.0', providers: ['CPUExecutionProvider'] },
      python_function: { data: MODEL_FILE, env: { virtualenv: 'python_env.yaml' }, loader_module: 'mlflow.onnx' },
    },
    metadata: { flts_run_id: bundle.run_id },
    model_uuid: bundle.run_id,
    run_id: mlflowRunId,
    signature: {
      inputs: tensor('window', [-1, lookback, features.length]),
      outputs: tensor('forecast', [-1, steps, targets.length]),
      params: null,
    },
    utc_time_created: bundle.created.replace('T', ' ').replace('Z', ''),
  };
  return `${JSON.stringify(description, null, 2)}\n`;
}

/** What Python needs to run the model, for MLflow's own tools. */
export const PYTHON_ENV_FILE = 'python_env.yaml';
export const PYTHON_ENV_TEXT = 'dependencies:\n- -r requirements.txt\n';
export const REQUIREMENTS_TEXT = 'mlflow\nonnx\nonnxruntime\n';
