/** `flts train --mlflow` against the real server; the models it makes answer as Python's ONNX Runtime does. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstDisagreement } from '../../src/domain/forecast/index.js';
import { openRegistry, type RegistryEntry } from '../../src/registry/index.js';
import { temporaryFolder } from '../support/fixture-registry.js';
import { interopPython, runPython } from '../support/interop-python.js';
import { type InteropServer, startMlflow } from '../support/interop-servers.js';
import { requestWindow } from './request-window.js';
import { flts } from '../support/run-flts.js';
import { post, serve } from '../support/running-service.js';

const EPOCHS = 2;
/** What MLflow's own client sees, which is what its page shows. */
const LOOK = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
versions = client.search_model_versions("name='lte'")
champion = client.get_model_version_by_alias("lte", "champion")
def look(version):
    run = client.get_run(version.run_id)
    return {
        "run": run.info.run_id, "status": run.info.status, "type": run.data.params["model_type"], "seed": run.data.params["seed"],
        "parent": run.data.tags.get("mlflow.parentRunId"), "metrics": sorted(run.data.metrics),
        "losses": [[one.step, one.value] for one in client.get_metric_history(run.info.run_id, "loss")],
        "files": sorted(file.path for file in client.list_artifacts(run.info.run_id, "model")),
    }
print(json.dumps({"champion": champion.run_id, "versions": [look(version) for version in versions]}))
`;

interface Version {
  readonly run: string;
  readonly status: string;
  readonly type: string;
  readonly seed: string;
  readonly parent: string | null;
  readonly metrics: string[];
  readonly losses: [number, number][];
  readonly files: string[];
}

const python = interopPython();

describe.skipIf(python === null)('a training that MLflow sees', () => {
  const folder = temporaryFolder();
  const registry = join(folder, 'models');
  const traffic = join(folder, 'traffic.csv');
  let mlflow: InteropServer;
  let entries: RegistryEntry[] = [];

  beforeAll(async () => {
    mlflow = await startMlflow(python!, join(folder, 'mlflow'));
    const made = await flts(['synth', '--rows', '1500', '--seed', '7', '--out', traffic]);
    expect(made.code, made.stderr).toBe(0);
    const network = ['--hidden', '8', '--epochs', String(EPOCHS), '--steps', '5', '--seed', '3'];
    const where = ['--registry', registry, '--mlflow', mlflow.url, '--identifier', 'lte', '--promote', '--force'];
    const trained = await flts(['train', traffic, '--model', 'ensemble', ...network, ...where]);
    expect(trained.code, trained.stderr).toBe(0);
    entries = await openRegistry(registry).list();
  }, 240_000);
  afterAll(async () => {
    await mlflow.stop();
  });

  it('is there with its parameters, the loss of every epoch, its artifacts, registered, and the alias on it', () => {
    writeFileSync(join(folder, 'look.py'), LOOK);
    const said = runPython(python!, [join(folder, 'look.py'), mlflow.url]);
    const seen = JSON.parse(said.trim().split('\n').at(-1)!) as { champion: string; versions: Version[] };
    expect(seen.versions.map(({ run }) => run).toSorted()).toEqual(entries.map(({ runId }) => runId).toSorted());
    const [ensemble, ...members] = seen.versions.toSorted(
      (a, b) => Number(b.parent === null) - Number(a.parent === null),
    );
    expect(seen.champion).toBe(ensemble!.run);
    expect(ensemble).toMatchObject({ type: 'ENSEMBLE', parent: null });
    expect(ensemble!.losses.map(([epoch]) => epoch)).toEqual([1, 2]);
    expect(ensemble!.losses.every(([, loss]) => loss > 0)).toBe(true);
    expect(members.map(({ type, parent }) => [type, parent]).toSorted()).toEqual([
      ['LSTM', ensemble!.run],
      ['RIDGE', ensemble!.run],
    ]);
    for (const version of seen.versions) {
      expect(version).toMatchObject({ status: 'FINISHED', seed: '3' });
      expect(version.metrics).toEqual(expect.arrayContaining(['relative_mae', 'mae/down/h1', 'rmse/up/h1']));
      expect(version.files).toEqual(expect.arrayContaining(['model/MLmodel', 'model/bundle.json', 'model/model.onnx']));
    }
  });

  it('every model answers through /predict as in Python’s runtime', async () => {
    const [head = '', ...lines] = readFileSync(traffic, 'utf8').trim().split('\n');
    const rows = lines.map((line) => line.split(','));
    const names = head.split(',');
    const service = await serve(registry, { versionPolicy: 'newest:3', identifier: 'lte' });
    try {
      expect(entries).toHaveLength(3);
      for (const { bundle } of entries) {
        const { lookback, steps, targets, run_id: runId, target_std: scale } = bundle!;
        const requests = [0, 333, 700, 1100, 1400].map((start) => {
          const part = rows.slice(start, start + lookback);
          return Object.fromEntries(
            names.map((name, i) => [name, part.map((row) => (i === 0 ? row[i]! : Number(row[i])))]),
          );
        });
        const windows = join(folder, `${runId}.json`);
        writeFileSync(
          windows,
          JSON.stringify(requests.map((data) => requestWindow(bundle!, { ...data, ts: data[names[0]!]! }))),
        );
        const said = runPython(python!, ['test/interop/run_bundle.py', join(registry, 'models', runId), windows]);
        const [golden, ...answers] = JSON.parse(said) as number[][][];
        expect(firstDisagreement(golden!.flat(), bundle!.golden.forecast.flat(), scale)).toBeNull();
        for (const [i, data] of requests.entries()) {
          const path = `/predict?version=${runId}`;
          const { status, json } = await post(service, { data, inference_length: steps }, { path });
          expect([status, json]).toEqual([200, expect.objectContaining({ run_id: runId })]);
          const forecast = (json['predictions'] as Record<string, number>[]).flatMap((row) =>
            targets.map((target) => row[target]!),
          );
          expect([runId, i, firstDisagreement(forecast, answers[i]!.flat(), scale)]).toEqual([runId, i, null]);
        }
      }
    } finally {
      await service.stop();
    }
  });
});
