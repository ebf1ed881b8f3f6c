import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { interopPython, runPython } from '../support/interop-python.js';
import { freePort } from '../support/free-port.js';
import { S3_KEYS, startMlflow, startRclone } from '../support/interop-servers.js';
import { MAIN, run } from '../support/run-flts.js';

/** Reads what the guide's commands left on MLflow, with MLflow's own client: what its page shows. */
const LOOK = `
import json, mlflow, sys
from mlflow import MlflowClient
import numpy as np
client = MlflowClient(sys.argv[1])
mlflow.set_tracking_uri(sys.argv[1])
version = client.get_model_version_by_alias("lte", "champion")
run = client.get_run(version.run_id)
model = mlflow.onnx.load_model("models:/lte@champion")
bundle = json.load(open(client.download_artifacts(version.run_id, "model/bundle.json")))
import onnxruntime
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
out = session.run(None, {"window": np.array([bundle["golden"]["window"]], dtype=np.float32)})[0][0]
want = np.array(bundle["golden"]["forecast"])
scale = np.maximum(np.abs(want), np.array(bundle["target_std"]))
print(json.dumps({
  "versions": len(client.search_model_versions("name='lte'")), "status": run.info.status, "same": version.run_id == bundle["run_id"],
  "params": sorted(run.data.params), "metrics": sorted(run.data.metrics), "worst": float(np.max(np.abs(out - want) / scale)),
}))
`;

const python = interopPython();

describe.skipIf(python === null)('docs/guides/models-from-mlflow.md', () => {
  it('runs as it stands, against MLflow with its artifacts on S3; MLflow and Python see what it made', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'flts-guide-'));
    for (const bucket of ['models', 'artifacts']) await mkdir(join(folder, 's3', bucket), { recursive: true });
    const s3 = await startRclone(python!, join(folder, 's3'));
    const mlflow = await startMlflow(python!, join(folder, 'mlflow'), {
      uri: 's3://artifacts/a',
      direct: false,
      s3Url: s3.url,
    });
    try {
      const page = await readFile('docs/guides/models-from-mlflow.md', 'utf8');
      const blocks = [...page.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map((block) => block[1] ?? '');
      const port = await freePort();
      const script = blocks
        .join('\n')
        .replaceAll('http://127.0.0.1:5000', mlflow.url)
        .replaceAll('npx flts', `"${process.execPath}" "${MAIN}"`)
        .replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`)
        .replace('main.js" serve', `main.js" serve --port ${port}`);
      // The service goes when the script ends, whatever its end.
      await writeFile(join(folder, 'guide.sh'), `trap 'kill $(jobs -p) || true' EXIT\n${script}`);
      const env = { ...S3_KEYS, MLFLOW_S3_ENDPOINT_URL: s3.url, FLTS_MODEL_CACHE_FOLDER: join(folder, 'cache') };
      const { code, stdout, stderr } = await run('bash', ['-euo', 'pipefail', 'guide.sh'], { cwd: folder, env });
      expect(code, stdout + stderr).toBe(0);
      await writeFile(join(folder, 'look.py'), LOOK);
      const seen = JSON.parse(
        runPython(python!, [join(folder, 'look.py'), mlflow.url])
          .trim()
          .split('\n')
          .at(-1)!,
      ) as {
        params: string[];
        metrics: string[];
        worst: number;
      };
      expect(seen).toMatchObject({ versions: 2, status: 'FINISHED', same: true });
      expect(seen.params).toEqual(expect.arrayContaining(['seed', 'data_sha256', 'model_type']));
      expect(seen.metrics).toEqual(expect.arrayContaining(['relative_mae', 'mae/down/h1']));
      expect(seen.worst).toBeLessThanOrEqual(1e-5);
    } finally {
      await mlflow.stop();
      await s3.stop();
      await rm(folder, { recursive: true });
    }
  }, 400_000);
});
