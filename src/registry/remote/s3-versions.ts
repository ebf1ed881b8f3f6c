import {
  type Bundle,
  BUNDLE_FILE,
  FltsError,
  MODEL_FILE,
  type Pointer,
  readPointerFile,
} from '../../contract/index.js';
import { isRunId, JSON_BYTES_MAX, MODELS_FOLDER, parseJson, POINTER_FILE, digestOf } from '../bundle-files.js';
import type { ObjectStore, PutCondition } from '../objects/object-store.js';
import type { StoredBundle, VersionStore } from './version-store.js';

const POINTER_BYTES_MAX = 64 * 1024;
const OBJECTS_MAX = 100_000;
/** Promoters that meet again and again: one of them is told, after so many tries. */
const POINTER_TRIES = 5;
const JSON_TYPE = 'application/json';

/**
 * Versions in an object store, laid out as in a folder: `current.json`, `models/RUN_ID/{model.onnx, bundle.json}`.
 * bundle.json is written last: a version without it is not there.
 */
export class S3Versions implements VersionStore {
  readonly uri: string;
  readonly identity: string;
  readonly #objects: ObjectStore;
  #seen: { readonly etag: string; readonly pointer: Pointer } | null = null;

  /** `endpointUrl` tells buckets of the same name on several servers apart. */
  constructor(objects: ObjectStore, endpointUrl: string) {
    this.#objects = objects;
    this.uri = objects.uri;
    this.identity = `s3 ${endpointUrl} ${objects.uri}`;
  }

  async readPointer(): Promise<Pointer | null> {
    return (await this.#readPointer())?.pointer ?? null;
  }

  async runIds(): Promise<string[]> {
    const objects = await this.#objects.list(`${MODELS_FOLDER}/`, OBJECTS_MAX);
    const runIds = objects
      .map(({ key }) => key.split('/'))
      .filter(([, runId = '', name]) => isRunId(runId) && name === BUNDLE_FILE);
    return runIds.map(([, runId = '']) => runId);
  }

  async readBundle(runId: string): Promise<StoredBundle | null> {
    const key = keyOf(runId, BUNDLE_FILE);
    const object = await this.#objects.get(key, { maxBytes: JSON_BYTES_MAX });
    if (object === null || object === 'unchanged') return null;
    const text = Buffer.from(object.body).toString();
    return { text, sha256: object.metadata['sha256'] ?? null, place: `${this.uri}/${key}` };
  }

  async downloadModel(runId: string, path: string, maxBytes: number): Promise<boolean> {
    return await this.#objects.download(keyOf(runId, MODEL_FILE), path, maxBytes);
  }

  async write({ run_id: runId }: Bundle, text: string, model: Uint8Array): Promise<void> {
    const key = keyOf(runId, BUNDLE_FILE);
    // Servers that know no conditional writes are asked first.
    if ((await this.#objects.get(key, { maxBytes: JSON_BYTES_MAX })) !== null) throw this.#taken(key);
    await this.#objects.put(keyOf(runId, MODEL_FILE), model);
    const options = { contentType: JSON_TYPE, metadata: { sha256: digestOf(text) }, onlyIf: { absent: true } } as const;
    await this.#objects.put(key, text, options).catch((error: unknown) => {
      throw isConflict(error) ? this.#taken(key) : error;
    });
  }

  async replacePointer(_bundle: Bundle, next: (before: Pointer | null) => Pointer): Promise<Pointer> {
    for (let tries = 1; ; tries++) {
      const before = await this.#readPointer().catch(asNoPointer);
      const pointer = next(before?.pointer ?? null);
      const onlyIf: PutCondition | undefined =
        before === null ? { absent: true } : before.etag === '' ? undefined : { etag: before.etag };
      try {
        const options = { contentType: JSON_TYPE, ...(onlyIf === undefined ? {} : { onlyIf }) };
        await this.#objects.put(POINTER_FILE, `${JSON.stringify(pointer, null, 2)}\n`, options);
        return pointer;
      } catch (error) {
        // Somebody promoted in between: look again, so that the history knows of it. Or a damaged pointer is there.
        if (!isConflict(error) || tries === POINTER_TRIES) throw error;
      }
    }
  }

  async remove(runId: string): Promise<void> {
    await this.#objects.delete(keyOf(runId, BUNDLE_FILE));
    await this.#objects.delete(keyOf(runId, MODEL_FILE));
  }

  close(): void {
    this.#objects.close();
  }

  async #readPointer(): Promise<{ etag: string; pointer: Pointer } | null> {
    const known = this.#seen;
    const options = known === null || known.etag === '' ? {} : { unlessEtag: known.etag };
    const object = await this.#objects.get(POINTER_FILE, { maxBytes: POINTER_BYTES_MAX, ...options });
    if (object === 'unchanged') return known;
    if (object === null) {
      this.#seen = null;
      return null;
    }
    const place = `${this.uri}/${POINTER_FILE}`;
    const pointer = readPointerFile(parseJson(Buffer.from(object.body).toString(), place), place);
    // Only a good one is kept: after a damaged one the next look reads it again.
    this.#seen = { etag: object.etag, pointer };
    return this.#seen;
  }

  #taken(key: string): FltsError {
    return new FltsError('FLTS_CANNOT_WRITE', `Cannot write ${this.uri}/${key}: it is there already.`);
  }
}

function keyOf(runId: string, name: string): string {
  return `${MODELS_FOLDER}/${runId}/${name}`;
}

function isConflict(error: unknown): boolean {
  return error instanceof FltsError && error.code === 'FLTS_SOURCE_CONFLICT';
}

/** A damaged pointer is as none, and is replaced whatever it is. */
function asNoPointer(error: unknown): { etag: string; pointer: null } {
  if (error instanceof FltsError && error.code === 'FLTS_BUNDLE_CORRUPT') return { etag: '', pointer: null };
  throw error;
}
