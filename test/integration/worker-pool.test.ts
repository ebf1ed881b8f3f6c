import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ModelWorkers } from '../../src/runtime/index.js';
import { fixtureBundle, temporaryFolder } from '../support/fixture-registry.js';
import { WORKER_URL } from '../support/running-service.js';

const PATIENCE_MS = 20_000;

it('the end of a run is seen within a turn of the event loop, not only with its message', async () => {
  const { bundle, model } = await fixtureBundle();
  const modelPath = join(temporaryFolder(), 'model.onnx');
  writeFileSync(modelPath, model);
  const nothing = (): void => undefined;
  const log = { info: nothing, warn: nothing, error: nothing };
  const workers = new ModelWorkers(1, { maxRows: 4, device: 'cpu', log, onLost: nothing, workerUrl: WORKER_URL });
  const backend = await workers.start({ bundle, modelPath }, () => Promise.resolve(), nothing);
  for (let run = 0; run < 3; run++) {
    const slot = backend.take();
    slot?.window.fill(run);
    let rows = 0;
    void slot?.run(2).then((result) => {
      rows = result.forecast.length / (bundle.steps * bundle.targets.length);
      expect(result.endUs).toBeGreaterThanOrEqual(result.startUs);
      result.release();
    });
    const startMs = performance.now();
    // Only microtasks run in this loop: no message is read while it goes on.
    while (rows === 0 && performance.now() - startMs < PATIENCE_MS) {
      backend.poll();
      await Promise.resolve();
    }
    expect(rows).toBe(2);
    expect(backend.freeWorkers).toBe(1);
  }
  await backend.close();
});
