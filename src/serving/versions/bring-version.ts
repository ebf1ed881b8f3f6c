import { type Bundle, FltsError } from '../../contract/index.js';
import { lackOfMemory } from '../../domain/rollout/index.js';
import { compileModelSpec } from '../model-spec.js';
import type { FreeMemory, ModelHost, ModelSource, Slot } from '../ports.js';
import { Lane } from '../scheduling/lane.js';
import { replayGolden } from './golden.js';
import type { VersionRecord } from './version-record.js';

/** What it takes to bring a version from the registry to the point where it could serve. */
export interface VersionTools {
  readonly source: ModelSource;
  readonly host: ModelHost;
  readonly memory: FreeMemory;
  /** What must stay free after a version is loaded, bytes. */
  readonly reserveBytes: number;
}

/**
 * Takes a version from `fetching` to `verified`; its workers serve nobody yet. `identifier`: the model's name in
 * replies. Throws what went wrong; then nothing of it is left.
 */
export async function bringVersion(record: VersionRecord, identifier: string, tools: VersionTools): Promise<Lane> {
  const { source, host, memory, reserveBytes } = tools;
  const fetched = await source.fetchBundle(record.runId);
  record.advance('fetched');
  const spec = compileModelSpec(fetched.bundle, identifier);
  const neededBytes = await host.neededBytes(fetched);
  const lack = lackOfMemory({ neededBytes, availableBytes: await memory.availableBytes(), reserveBytes });
  if (lack !== null) throw new FltsError('FLTS_NO_MEMORY', `Run ${record.runId} is not loaded: ${lack}.`);
  record.advance('has_room');
  const backend = await host.start(
    fetched,
    (slot) => verify(fetched.bundle, slot),
    (step) => {
      record.advance(step);
    },
  );
  record.advance('golden_replayed');
  return new Lane(spec, backend);
}

async function verify(bundle: Bundle, slot: Slot): Promise<void> {
  const difference = await replayGolden(bundle, slot);
  if (difference !== null) {
    throw new FltsError(
      'FLTS_GOLDEN_MISMATCH',
      `Run ${bundle.run_id} does not reproduce its golden window: ${difference}.`,
    );
  }
}
