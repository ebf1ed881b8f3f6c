import type { ModelRegistry } from '../../registry/index.js';
import { runOnce } from '../forecasting/local-model.js';

/** Throws FltsError unless schema, digest and golden window of the version are right. */
export async function verifyRun(registry: ModelRegistry, runId: string): Promise<void> {
  const [{ verifyGolden }, { TensorRuntime }] = await Promise.all([
    import('../../registry/index.js'),
    import('../../runtime/index.js'),
  ]);
  const runtime = new TensorRuntime(1);
  await verifyGolden(await registry.fetchBundle(runId), (fetched, window) => runOnce(runtime, fetched, window));
}
