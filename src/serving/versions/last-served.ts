import { FltsError, type Pointer } from '../../contract/index.js';
import type { Log, ModelSource } from '../ports.js';

/** What is to serve, and why it is not known from the source; `failure` null: it is. */
interface KnownPointer {
  readonly pointer: Pointer | null;
  readonly failure: unknown;
}

/**
 * What is promoted; while the source is out of reach and nothing serves yet, what served last on this machine, where
 * the source remembers that. Throws what the source threw when there is nothing else, or something serves already.
 */
export async function pointerOrLastServed(source: ModelSource, serves: boolean, log: Log): Promise<KnownPointer> {
  try {
    return { pointer: await source.readPointer(), failure: null };
  } catch (error) {
    if (serves) throw error;
    const last = (await source.lastServed?.()) ?? null;
    if (last === null) throw error;
    const why = error instanceof Error ? error.message : String(error);
    log.warn('registry cannot be read, what served last is taken', { runId: last.run_id, why });
    return { pointer: last, failure: error };
  }
}

/** Has the source remember what was verified and serves now. A machine that cannot keep it serves all the same. */
export async function rememberServed(source: ModelSource, pointer: Pointer, log: Log): Promise<void> {
  try {
    await source.noteServed?.(pointer);
  } catch (error) {
    const code = error instanceof FltsError ? error.code : 'FLTS_INTERNAL';
    const why = error instanceof Error ? error.message : String(error);
    log.warn('what serves could not be remembered for a start without the registry', { code, why });
  }
}
