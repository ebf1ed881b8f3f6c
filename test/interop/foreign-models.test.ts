import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Bundle } from '../../src/contract/index.js';
import { firstDisagreement } from '../../src/domain/forecast/index.js';
import { temporaryFolder } from '../support/fixture-registry.js';
import { interopPython, runPython } from '../support/interop-python.js';
import { requestWindow } from './request-window.js';
import { flts } from '../support/run-flts.js';
import { post, serve, type TestService } from '../support/running-service.js';

/** Models of scikit-learn and in PyTorch's layout, imported; the answers are those of Python. */
const CASES = ['mlp', 'mlp-double', 'ridge-steps', 'lstm', 'lstm-own-names', 'gru-steps'] as const;

interface Case {
  readonly features: string[];
  readonly targets?: string[];
  readonly type: string;
}

interface Check {
  readonly data: Record<string, (string | number)[]>;
  readonly forecast: number[][];
}

const python = interopPython();
const root = temporaryFolder();
const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(root, 'cases', ...path), 'utf8'));

async function importCase(name: string, registry: string, ...more: string[]): Promise<Bundle> {
  const { features, targets } = read(name, 'case.json') as Case;
  const folder = join(root, 'cases', name);
  const args = ['--features', features.join(','), '--example', join(folder, 'example.json'), '--registry', registry];
  if (targets !== undefined) args.push('--targets', targets.join(','));
  if (readdirSync(folder).includes('scaler.json')) args.push('--scaler', join(folder, 'scaler.json'));
  const { code, stdout, stderr } = await flts([
    'models',
    'import',
    join(folder, 'model.onnx'),
    ...args,
    '--json',
    ...more,
  ]);
  expect([code, stderr], stdout).toEqual([0, '']);
  const { run_id } = JSON.parse(stdout) as { run_id: string };
  return JSON.parse(readFileSync(join(registry, 'models', run_id, 'bundle.json'), 'utf8')) as Bundle;
}

describe.skipIf(python === null)('an imported model', () => {
  beforeAll(() => {
    runPython(python!, ['test/interop/foreign_models.py', join(root, 'cases')]);
  });

  it.each(CASES)('%s answers raw units as Python does, in Python’s runtime and through /predict', async (name) => {
    const registry = join(root, `registry-${name}`);
    mkdirSync(registry);
    const bundle = await importCase(name, registry, '--promote', '--force');
    expect(bundle.model_type).toBe((read(name, 'case.json') as Case).type);
    const checks = read(name, 'check.json') as Check[];
    expect(checks.length).toBeGreaterThan(8);
    const expected = checks.map((check) => check.forecast);

    const windows = join(root, `${name}.json`);
    writeFileSync(windows, JSON.stringify(checks.map(({ data }) => requestWindow(bundle, data))));
    const folder = join(registry, 'models', bundle.run_id);
    const answered = JSON.parse(runPython(python!, ['test/interop/run_bundle.py', folder, windows])) as number[][][];
    expect(firstDisagreement(answered[0]!.flat(), bundle.golden.forecast.flat(), bundle.target_std)).toBeNull();
    expect(firstDisagreement(answered.slice(1).flat(2), expected.flat(2), bundle.target_std)).toBeNull();

    const service: TestService = await serve(registry);
    try {
      for (const [i, check] of checks.entries()) {
        const { status, json } = await post(service, { data: check.data, inference_length: bundle.steps });
        expect([status, json]).toEqual([200, expect.objectContaining({ status: 'SUCCESS' })]);
        const rows = json['predictions'] as Record<string, number>[];
        const values = rows.map((row) => bundle.targets.map((target) => row[target]!));
        expect([i, firstDisagreement(values.flat(), expected[i]!.flat(), bundle.target_std)]).toEqual([i, null]);
      }
      const more = { data: checks[0]!.data, inference_length: bundle.steps + 1 };
      const { status, json } = await post(service, more);
      const isWhole = bundle.targets.length === Object.keys(bundle.fill.values).length;
      if (isWhole) expect(status).toBe(200);
      else expect([status, json['code']]).toEqual([422, 'FLTS_HORIZON_BEYOND_MODEL']);
    } finally {
      await service.stop();
    }
    const verified = await flts(['models', 'verify', '--registry', registry]);
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('good')]);
  });
});
