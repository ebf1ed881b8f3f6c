import { FltsError } from '../../contract/index.js';
import type { ModelRegistry } from '../../registry/index.js';

/** Shortest beginning of a run id that is taken for it. */
const PREFIX_MIN = 4;

/**
 * The run id that a command means: a full one, an unambiguous beginning, or, without one, the promoted version, else
 * the newest that can be read. Throws FLTS_NO_MODEL, FLTS_USAGE for an ambiguous beginning.
 */
export async function findRun(registry: ModelRegistry, wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) return await completeRunId(registry, wanted);
  const pointer = await registry.readPointer();
  if (pointer !== null) return pointer.run_id;
  const newest = (await registry.list()).find((entry) => entry.bundle !== null);
  if (newest !== undefined) return newest.runId;
  throw new FltsError('FLTS_NO_MODEL', `The registry ${registry.uri} has no model.`);
}

async function completeRunId(registry: ModelRegistry, wanted: string): Promise<string> {
  if (wanted.length >= 32) return wanted;
  const found = (await registry.list()).filter((entry) => entry.runId.startsWith(wanted));
  const [first, second] = found;
  if (first === undefined || wanted.length < PREFIX_MIN) {
    throw new FltsError(
      'FLTS_NO_MODEL',
      `The registry ${registry.uri} has no model whose run id begins with '${wanted}'.`,
    );
  }
  if (second === undefined) return first.runId;
  throw new FltsError('FLTS_USAGE', `${found.length} run ids begin with '${wanted}'; give more of it.`);
}
