import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fixtureBundle, temporaryFolder } from '../support/fixture-registry.js';
import { driftModel, withExternalTensor } from '../support/onnx-fixture.js';
import { flts } from '../support/run-flts.js';
import { serve, type TestService } from '../support/running-service.js';
import { openRegistry } from '../../src/registry/index.js';

let service: TestService | null = null;
afterEach(async () => {
  await service?.stop();
  service = null;
});

describe('a model file that must not be loaded', () => {
  it('is refused by verify, promote and the service, with one sentence', async () => {
    const root = temporaryFolder();
    const { bundle, model } = await fixtureBundle();
    const registry = openRegistry(root);
    await registry.write(bundle, model);
    await registry.promote(bundle.run_id, {
      identifier: 'default',
      experiment: 'test',
      force: false,
      timestamp: '2024-01-01T00:00:00Z',
    });
    // The registry's writer is not the only one who may write there.
    const shape = { lookback: 10, features: bundle.features.length, steps: 1, targets: bundle.targets.length };
    const bad = withExternalTensor(driftModel(shape));
    const folder = join(root, 'models', bundle.run_id);
    const text = await readFile(join(folder, 'bundle.json'), 'utf8');
    await writeFile(join(folder, 'model.onnx'), bad);
    const digest = createHash('sha256').update(bad).digest('hex');
    await writeFile(join(folder, 'bundle.json'), text.replace(bundle.model_sha256, digest));

    const sentence = "it keeps the numbers of its tensor 'secret' in another file";
    const verified = await flts(['models', 'verify', '--registry', root]);
    expect([verified.code, verified.stdout]).toEqual([5, expect.stringContaining(sentence)]);
    const promoted = await flts(['models', 'promote', bundle.run_id, '--registry', root]);
    expect([promoted.code, promoted.stderr]).toEqual([5, expect.stringContaining(sentence)]);
    service = await serve(root);
    const ready = (await (await fetch(`${service.url}/ready`)).json()) as { reason: string };
    expect(ready.reason).toContain(sentence);
  });
});
