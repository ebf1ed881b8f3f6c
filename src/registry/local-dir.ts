import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  BUNDLE_FILE,
  type Bundle,
  FltsError,
  MODEL_FILE,
  type Pointer,
  readBundle,
  readPointerFile,
} from '../contract/index.js';
import type { FetchedBundle } from '../serving/ports.js';
import { createFolder, isTemporary, removeFolder, removeStaleTemporaries, replaceFile } from './atomic-write.js';
import type { ModelRegistry, PromoteOptions, RegistryEntry } from './model-registry.js';
import { pointerOf } from './pointer-of.js';

const POINTER_FILE = 'current.json';
const MODELS_FOLDER = 'models';
const RUN_ID = /^[0-9a-f]{32}$/;
/** Larger files than these are no bundle of ours, and are not read into memory. */
const JSON_BYTES_MAX = 64 * 1024 * 1024;
const MODEL_BYTES_MAX = 2 * 1024 * 1024 * 1024;

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
      entries.push({ runId, ...(await this.#readForList(runId)), current: runId === current });
    }
    return entries.sort(newestFirst);
  }

  async readBundle(runId: string): Promise<Bundle> {
    const path = join(this.#folderOf(runId), BUNDLE_FILE);
    const text = await readTextIfThere(path);
    if (text === null) throw await this.#missing(runId);
    const bundle = readBundle(parseJson(text, path), path);
    if (bundle.run_id !== runId) {
      throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path} says that it is of run ${bundle.run_id}.`);
    }
    return bundle;
  }

  async fetchBundle(runId: string): Promise<FetchedBundle> {
    const bundle = await this.readBundle(runId);
    const modelPath = join(this.#folderOf(runId), MODEL_FILE);
    const digest = await digestOf(modelPath);
    if (digest !== bundle.model_sha256) {
      throw new FltsError(
        'FLTS_BUNDLE_CORRUPT',
        `${modelPath} has the digest ${digest.slice(0, 12)}…, its bundle says ${bundle.model_sha256.slice(0, 12)}….`,
      );
    }
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
        [BUNDLE_FILE, `${JSON.stringify(bundle)}\n`],
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
    if (!RUN_ID.test(runId)) {
      throw new FltsError('FLTS_NO_MODEL', `'${runId.slice(0, 64)}' is not a run id: those are 32 hexadecimal digits.`);
    }
    return join(this.#root, MODELS_FOLDER, runId);
  }

  async #readForList(name: string): Promise<Pick<RegistryEntry, 'bundle' | 'problem'>> {
    try {
      return { bundle: await this.readBundle(name), problem: null };
    } catch (error) {
      if (error instanceof FltsError) return { bundle: null, problem: error.message };
      throw error;
    }
  }

  async #missing(runId: string): Promise<FltsError> {
    const there = await stat(this.#folderOf(runId)).catch(nothingThere(null));
    return there === null
      ? new FltsError('FLTS_NO_MODEL', `The registry ${this.uri} has no model of run ${runId}.`)
      : new FltsError('FLTS_BUNDLE_CORRUPT', `${this.#folderOf(runId)} has no ${BUNDLE_FILE}.`);
  }
}

/** What a failed look-up means when the entry is simply not there; any other failure is passed on. */
function nothingThere<T>(value: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value;
    throw error;
  };
}

async function readTextIfThere(path: string): Promise<string | null> {
  const entry = await stat(path).catch(nothingThere(null));
  if (entry === null) return null;
  if (entry.size > JSON_BYTES_MAX) throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path} is too large to be read.`);
  return await readFile(path, 'utf8').catch(nothingThere(null));
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path} is damaged: it is not JSON.`, { cause });
  }
}

/** SHA-256 of the file in hex. Throws FLTS_BUNDLE_CORRUPT when it is missing or larger than any model. */
async function digestOf(path: string): Promise<string> {
  const entry = await stat(path).catch(nothingThere(null));
  if (entry === null) throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path} is missing.`);
  if (entry.size > MODEL_BYTES_MAX) throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path} is too large for a model.`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function cannotWrite(path: string, error: unknown): FltsError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why: Record<string, string> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EACCES: 'there is no right to write there',
    EPERM: 'there is no right to write there',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'it is there already',
    ENOTEMPTY: 'it is there already',
  };
  return new FltsError('FLTS_CANNOT_WRITE', `Cannot write ${path}: ${why[code ?? ''] ?? message}.`, { cause: error });
}

/** Of versions made together, the ensemble goes before its members. */
function newestFirst(a: RegistryEntry, b: RegistryEntry): number {
  const order = compareText(b.bundle?.created ?? '', a.bundle?.created ?? '');
  return order !== 0 ? order : (b.bundle?.members?.length ?? 0) - (a.bundle?.members?.length ?? 0);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
