import { readdir, readFile, mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLE_FILE, FltsError, MODEL_FILE, type Pointer, readPointerFile } from '../../contract/index.js';
import type { FetchedBundle } from '../../serving/ports.js';
import {
  isTemporary,
  removeFolder,
  removeStaleTemporaries,
  replaceFile,
  temporaryPath,
  writeDurably,
} from '../atomic-write.js';
import {
  bundleOfText,
  cannotWrite,
  checkedRunId,
  checkModelDigest,
  digestOf,
  nothingThere,
  parseJson,
} from '../bundle-files.js';

export interface CacheOptions {
  readonly folder: string;
  /** Bytes of all entries together, of every source and process. */
  readonly maxBytes: number;
  /**
   * Whether the entries fetched here are in use for as long as this process lives (a service), or only for the moment
   * (a command). Entries in use are never evicted.
   */
  readonly holds: boolean;
  /** Wall clock, ms since 1970; file times are on it. */
  readonly nowMs: () => number;
}

/** An entry that was used so recently may still be read by somebody; those who hold entries say so more often. */
const IN_USE_MS = 180_000;
const HOLD_AGAIN_MS = 60_000;
/** A service holds the entries that it fetched last: those it serves and those it could go back to. */
const HELD_MAX = 16;
const DIGEST_FILE = 'bundle.sha256';
const SERVED_FILE = 'served.json';

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/**
 * Model versions from remote sources on this disk: SOURCE/RUN_ID/{model.onnx, bundle.json}. An entry appears in one
 * step and is checked against its digests whenever it is used, so any number of processes may share the folder without
 * a lock. The longest unused go first when room is needed.
 */
export class ArtifactCache {
  readonly #options: CacheOptions;
  /** Paths of entries that are held, the latest last. */
  readonly #held = new Set<string>();
  #heldMs = Number.NEGATIVE_INFINITY;

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  /** The version, if it is here and whole; a damaged one is removed. `source` is of hexadecimal digits. */
  async find(source: string, runId: string): Promise<FetchedBundle | null> {
    const path = this.#pathOf(source, runId);
    const text = await readFile(join(path, BUNDLE_FILE), 'utf8').catch(nothingThere(null));
    if (text === null) return null;
    try {
      const digest = await readFile(join(path, DIGEST_FILE), 'utf8');
      if (digest !== digestOf(text)) throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path}/${BUNDLE_FILE} is damaged.`);
      const bundle = bundleOfText(text, runId, `${path}/${BUNDLE_FILE}`);
      const modelPath = join(path, MODEL_FILE);
      await checkModelDigest(bundle, modelPath);
      await this.#markUsed(path);
      return { bundle, modelPath };
    } catch (error) {
      // Damaged, or evicted at this moment: it is fetched anew.
      if (!(error instanceof FltsError) && !isMissing(error)) throw error;
      await removeFolder(path).catch(nothingThere(undefined));
      return null;
    }
  }

  /**
   * Takes in a version: its `text` is that of bundle.json, `download` writes the model to a path. Digests are checked
   * before the entry appears. Throws FLTS_BUNDLE_CORRUPT, FLTS_CANNOT_WRITE (disk or bound full), or what `download` does.
   */
  async add(
    source: string,
    runId: string,
    text: string,
    place: string,
    download: (path: string) => Promise<void>,
  ): Promise<FetchedBundle> {
    const path = this.#pathOf(source, runId);
    const bundle = bundleOfText(text, runId, place);
    await this.#prepare(source);
    const temporary = temporaryPath(this.#options.folder);
    try {
      await mkdir(temporary, { mode: 0o700 });
      await download(join(temporary, MODEL_FILE));
      await checkModelDigest(bundle, join(temporary, MODEL_FILE), `${MODEL_FILE} of ${place}`);
      await writeDurably(join(temporary, BUNDLE_FILE), text);
      await writeDurably(join(temporary, DIGEST_FILE), digestOf(text));
      await this.#makeRoom(await bytesOf(temporary));
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      // Another process was faster: its entry is as good.
      const there = isTaken(error) ? await this.find(source, runId) : null;
      if (there !== null) return there;
      throw isLocal(error) ? cannotWrite(path, error) : error;
    }
    if (!this.#options.holds) await touch(path, this.#options.nowMs() - IN_USE_MS);
    await this.#markUsed(path);
    return { bundle, modelPath: join(path, MODEL_FILE) };
  }

  /** Says again that what this process holds is in use; to be called often. */
  async holdOn(): Promise<void> {
    const nowMs = this.#options.nowMs();
    if (!this.#options.holds || Math.abs(nowMs - this.#heldMs) < HOLD_AGAIN_MS) return;
    this.#heldMs = nowMs;
    for (const path of this.#held) await touch(path, nowMs).catch(() => this.#held.delete(path));
  }

  /** The pointer to what served last from this source on this machine, if it is still here. */
  async recall(source: string): Promise<Pointer | null> {
    const path = join(this.#sourceFolder(source), SERVED_FILE);
    const text = await readFile(path, 'utf8').catch(nothingThere(null));
    if (text === null) return null;
    try {
      const pointer = readPointerFile(parseJson(text, path), path);
      return (await this.find(source, pointer.run_id)) === null ? null : pointer;
    } catch (error) {
      // A damaged note is as none.
      if (error instanceof FltsError) return null;
      throw error;
    }
  }

  /** Notes what serves, for a start without the source. Throws FLTS_CANNOT_WRITE. */
  async remember(source: string, pointer: Pointer): Promise<void> {
    await this.#prepare(source);
    const path = join(this.#sourceFolder(source), SERVED_FILE);
    await replaceFile(path, JSON.stringify(pointer)).catch((error: unknown) => {
      throw cannotWrite(path, error);
    });
  }

  async #prepare(source: string): Promise<void> {
    const { folder, nowMs } = this.#options;
    try {
      await mkdir(this.#sourceFolder(source), { recursive: true, mode: 0o700 });
      for (const at of [folder, this.#sourceFolder(source)]) await removeStaleTemporaries(at, nowMs());
    } catch (error) {
      throw cannotWrite(folder, error);
    }
  }

  /** Evicts the longest unused until `bytes` more fit. */
  async #makeRoom(bytes: number): Promise<void> {
    const { maxBytes, nowMs, folder } = this.#options;
    const entries = (await this.#entries()).sort((a, b) => a.usedMs - b.usedMs);
    let excess = entries.reduce((sum, entry) => sum + entry.bytes, bytes) - maxBytes;
    for (const entry of entries) {
      if (excess <= 0) return;
      // A time ahead of the clock tells that the clock was set back, not that somebody reads.
      const ageMs = Math.abs(nowMs() - entry.usedMs);
      if (ageMs < IN_USE_MS) continue;
      await removeFolder(entry.path).catch(nothingThere(undefined));
      excess -= entry.bytes;
    }
    if (excess <= 0) return;
    throw new FltsError(
      'FLTS_CANNOT_WRITE',
      `The model cache ${folder} is full: ${bytes} bytes more do not fit in ${maxBytes}.`,
      {
        remedy: 'Raise model_cache_max_bytes, or wait until versions in it are no longer in use.',
      },
    );
  }

  async #entries(): Promise<Entry[]> {
    const { folder } = this.#options;
    const entries: Entry[] = [];
    for (const source of await readdir(folder)) {
      if (isTemporary(source)) continue;
      for (const name of await readdir(join(folder, source)).catch(nothingThere<string[]>([]))) {
        const path = join(folder, source, name);
        const info = await stat(path).catch(nothingThere(null));
        if (info === null || !info.isDirectory() || isTemporary(name)) continue;
        entries.push({ path, bytes: await bytesOf(path), usedMs: info.mtimeMs });
      }
    }
    return entries;
  }

  async #markUsed(path: string): Promise<void> {
    const nowMs = this.#options.nowMs();
    if (!this.#options.holds) {
      // The newest of those that may go; whoever holds it keeps it.
      const { mtimeMs } = await stat(path);
      if (mtimeMs < nowMs - IN_USE_MS || mtimeMs > nowMs) await touch(path, nowMs - IN_USE_MS);
      return;
    }
    await touch(path, nowMs);
    this.#held.delete(path);
    this.#held.add(path);
    const [oldest] = this.#held;
    if (this.#held.size > HELD_MAX && oldest !== undefined) this.#held.delete(oldest);
  }

  #sourceFolder(source: string): string {
    if (!/^[0-9a-f]{16}$/.test(source)) throw new Error(`'${source}' is no name of a source`);
    return join(this.#options.folder, source);
  }

  #pathOf(source: string, runId: string): string {
    return join(this.#sourceFolder(source), checkedRunId(runId));
  }
}

async function touch(path: string, usedMs: number): Promise<void> {
  await utimes(path, usedMs / 1000, usedMs / 1000);
}

async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(nothingThere<string[]>([]))) {
    bytes += (await stat(join(folder, name)).catch(nothingThere(null)))?.size ?? 0;
  }
  return bytes;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function isTaken(error: unknown): boolean {
  return ['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Whether it is an error of this machine's file system. */
function isLocal(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}
