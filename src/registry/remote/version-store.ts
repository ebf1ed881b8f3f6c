import type { Bundle, Pointer } from '../../contract/index.js';

export interface StoredBundle {
  /** Of bundle.json. */
  readonly text: string;
  /** SHA-256 of the text in hex as it was when it was written; null where the source does not say. */
  readonly sha256: string | null;
  /** For messages. */
  readonly place: string;
}

/**
 * Where versions lie on a remote source, as RemoteRegistry wants it: reading and writing, no checks of what is read.
 * Methods throw FLTS_SOURCE_* when the source is at fault.
 */
export interface VersionStore {
  /** For messages, without credentials. */
  readonly uri: string;
  /** What tells this source from all others: address and place. */
  readonly identity: string;
  /** Cheap where nothing changed: it is polled. */
  readPointer(): Promise<Pointer | null>;
  /** Every version, in any order. */
  runIds(): Promise<string[]>;
  /** Versions that a pointer of the source names, this one or another: MLflow's aliases. */
  aliasedRunIds?(): Promise<string[]>;
  /** Null when there is no such version. */
  readBundle(runId: string): Promise<StoredBundle | null>;
  /** Writes the model of a version to a new file; false when it is not there. */
  downloadModel(runId: string, path: string, maxBytes: number): Promise<boolean>;
  /** Adds a version: readers see it whole or not. Throws FLTS_CANNOT_WRITE when it is there already. */
  write(bundle: Bundle, text: string, model: Uint8Array): Promise<void>;
  /** Replaces the pointer by what `next` makes of it, in one step; of two at once, the later one wins. */
  replacePointer(bundle: Bundle, next: (before: Pointer | null) => Pointer): Promise<Pointer>;
  remove(runId: string): Promise<void>;
  close(): void;
}
