import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BUNDLE_FILE, type Bundle, FltsError, MODEL_FILE, type Pointer, readPointerFile } from '../contract/index.js';
import type { FetchedBundle } from '../serving/ports.js';
import { createFolder, isTemporary, removeFolder, removeStaleTemporaries, replaceFile } from './atomic-write.js';
import {
  bundleOfText,
  bundleText,
  cannotWrite,
  checkedRunId,
  checkModelDigest,
  JSON_BYTES_MAX,
  MODELS_FOLDER,
  newestFirst,
  nothingThere,
  parseJson,
  POINTER_FILE,
  readForList,
} from './bundle-files.js';
import type { ModelRegistry, PromoteOptions, RegistryEntry } from './model-registry.js';
import { pointerOf } from './pointer-of.js';

/**
 * A registry in a folder: `current.json` names the version that serves, `models/<run_id>/` holds `model.onnx` and
 * `bundle.json` of each version. Safe for many processes at once: folders and the pointer appear in one step.
 */
export class LocalDirRegistry implements ModelRegistry {
  readonly uri: string;
  readonly #root: string;

  constructor(uri: string, path: string) {
    this.uri = uri;
    this.#root = resolve(path);
  }

  async readPointer(): Promise<Pointer | null> {
    const path = join(this.#root, POINTER_FILE);
    const text = await readTextIfThere(path);
    return text === null ? null : readPointerFile(parseJson(text, path), path);
  }

  async list(): Promise<RegistryEntry[]> {
    const folder = join(this.#root, MODELS_FOLDER);
    const names = await readdir(folder).catch(nothingThere<string[]>([]));
    const current = (await this.#pointerOrNull())?.run_id;
    const entries: RegistryEntry[] = [];
    for (const runId of names.filter((name) => !isTemporary(name))) {
      entries.push({ runId, ...(await readForList(() => this.readBundle(runId))), current: runId === current });
    }
    return entries.sort(newestFirst);
  }

  async readBundle(runId: string): Promise<Bundle> {
    const path = join(this.#folderOf(runId), BUNDLE_FILE);
    const text = await readTextIfThere(path);
    if (text === null) throw await this.#missing(runId);
    return bundleOfText(text, runId, path);
  }

  async fetchBundle(runId: string): Promise<FetchedBundle> {
    const bundle = await this.readBundle(runId);
    const modelPath = join(this.#folderOf(runId), MODEL_FILE);
    await checkModelDigest(bundle, modelPath);
    return { bundle, modelPath };
  }

  async write(bundle: Bundle, model: Uint8Array): Promise<void> {
    const folder = this.#folderOf(bundle.run_id);
    try {
      const models = join(this.#root, MODELS_FOLDER);
      await mkdir(models, { recursive: true });
      await removeStaleTemporaries(models, Date.now());
      const files = new Map<string, string | Uint8Array>([
        [MODEL_FILE, model],
        [BUNDLE_FILE, bundleText(bundle)],
      ]);
      await createFolder(folder, files);
    } catch (error) {
      throw cannotWrite(folder, error);
    }
  }

  async promote(runId: string, options: PromoteOptions): Promise<Pointer> {
    const { bundle } = await this.fetchBundle(runId);
    const pointer = pointerOf(bundle, options, await this.#pointerOrNull());
    const path = join(this.#root, POINTER_FILE);
    await replaceFile(path, `${JSON.stringify(pointer, null, 2)}\n`).catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
    return pointer;
  }

  async remove(runId: string): Promise<void> {
    const folder = this.#folderOf(runId);
    if ((await stat(folder).catch(nothingThere(null))) === null) throw await this.#missing(runId);
    if ((await this.#pointerOrNull())?.run_id === runId) {
      throw new FltsError('FLTS_REMOVAL_REFUSED', `Run ${runId} is not removed: it is the current one of ${this.uri}.`);
    }
    await removeFolder(folder).catch((error: unknown) => {
      throw cannotWrite(folder, error);
    });
  }

  /** A damaged pointer is as none: what is promoted next replaces it. */
  #pointerOrNull(): Promise<Pointer | null> {
    return this.readPointer().catch((error: unknown) => {
      if (error instanceof FltsError) return null;
      throw error;
    });
  }

  #folderOf(runId: string): string {
    return join(this.#root, MODELS_FOLDER, checkedRunId(runId));
  }

  async #missing(runId: string): Promise<FltsError> {
    const there = await stat(this.#folderOf(runId)).catch(nothingThere(null));
    return there === null
      ? new FltsError('FLTS_NO_MODEL', `The registry ${this.uri} has no model of run ${runId}.`)
      : new FltsError('FLTS_BUNDLE_CORRUPT', `${this.#folderOf(runId)} has no ${BUNDLE_FILE}.`);
  }
}

async function readTextIfThere(path: string): Promise<string | null> {
  const entry = await stat(path).catch(nothingThere(null));
  if (entry === null) return null;
  if (entry.size > JSON_BYTES_MAX) throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path} is too large to be read.`);
  return await readFile(path, 'utf8').catch(nothingThere(null));
}
