import { readFile, mkdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { BUNDLE_FILE, FltsError, MODEL_FILE, type Pointer, readPointerFile } from '../../contract/index.js';
import type { FetchedBundle } from '../../serving/ports.js';
import { removeFolder, removeStaleTemporaries, replaceFile, temporaryPath, writeDurably } from '../atomic-write.js';
import {
  bundleOfText,
  cannotWrite,
  checkedRunId,
  checkModelDigest,
  digestOf,
  nothingThere,
  parseJson,
} from '../bundle-files.js';
import { bytesOf, CacheSpace, IN_USE_MS, isSourceName } from './cache-space.js';

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

const HOLD_AGAIN_MS = 60_000;
/** A service holds the entries that it fetched last: those it serves and those it could go back to. */
const HELD_MAX = 16;
const DIGEST_FILE = 'bundle.sha256';
const SERVED_FILE = 'served.json';

/**
 * Model versions from remote sources on this disk: SOURCE/RUN_ID/{model.onnx, bundle.json}. An entry appears in one
 * step and is checked against its digests whenever it is used, so any number of processes may share the folder without
 * a lock. The longest unused go first when room is needed.
 */
export class ArtifactCache {
  readonly #options: CacheOptions;
  readonly #space: CacheSpace;
  /** Paths of entries that are held, the latest last. */
  readonly #held = new Set<string>();
  #heldMs = Number.NEGATIVE_INFINITY;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#space = new CacheSpace(options.folder, options.nowMs);
  }

  /**
   * The version, if it is here and whole; a damaged one is removed. `source` is of hexadecimal digits. Throws
   * FLTS_CANNOT_WRITE when a damaged one cannot be removed.
   */
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
      await removeFolder(path)
        .catch(nothingThere(undefined))
        .catch((problem: unknown) => {
          throw cannotWrite(path, problem);
        });
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
    const fill = async (folder: string): Promise<void> => {
      await download(join(folder, MODEL_FILE));
      await checkModelDigest(bundle, join(folder, MODEL_FILE), `${MODEL_FILE} of ${place}`);
      await writeDurably(join(folder, BUNDLE_FILE), text);
      await writeDurably(join(folder, DIGEST_FILE), digestOf(text));
    };
    try {
      await this.#place(path, source, fill);
    } catch (error) {
      // Another process was faster: its entry is as good.
      const there = isTaken(error) ? await this.find(source, runId) : null;
      if (there !== null) return there;
      const local = localFailure(error);
      throw local === null ? error : cannotWrite(path, local);
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
    const path = join(this.#sourceFolder(source), SERVED_FILE);
    try {
      await this.#prepare(source);
      await replaceFile(path, JSON.stringify(pointer));
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  async #prepare(source: string): Promise<void> {
    const { folder, nowMs } = this.#options;
    await mkdir(this.#sourceFolder(source), { recursive: true, mode: 0o700 });
    for (const at of [folder, this.#sourceFolder(source)]) await removeStaleTemporaries(at, nowMs());
  }

  /** Makes the entry in one step, or leaves nothing. On a disk that is smaller than the bound, unused entries make way. */
  async #place(path: string, source: string, fill: (folder: string) => Promise<void>): Promise<void> {
    const temporary = temporaryPath(this.#options.folder);
    try {
      await this.#prepare(source);
      await mkdir(temporary, { mode: 0o700 });
      await fill(temporary);
      await this.#space.makeRoom(await bytesOf(temporary), this.#options.maxBytes);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      if (!isDiskFull(error) || !(await this.#space.evictOne())) throw error;
      await this.#place(path, source, fill);
    }
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
    if (!isSourceName(source)) throw new Error(`'${source}' is no name of a source`);
    return join(this.#options.folder, source);
  }

  #pathOf(source: string, runId: string): string {
    return join(this.#sourceFolder(source), checkedRunId(runId));
  }
}

/**
 * Says when an entry was used. Where that cannot be written (read-only, somebody else's) the entry is as good, and may
 * at worst be evicted early. Throws ENOENT when it has gone.
 */
async function touch(path: string, usedMs: number): Promise<void> {
  await utimes(path, usedMs / 1000, usedMs / 1000).catch((error: unknown) => {
    if (isMissing(error)) throw error;
  });
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function isTaken(error: unknown): boolean {
  return ['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** What this machine's file system said, to us or to who downloads; null when the failure is none of its own. */
function localFailure(error: unknown): NodeJS.ErrnoException | null {
  const told = error instanceof FltsError && error.code === 'FLTS_CANNOT_WRITE' ? error.cause : error;
  return told instanceof Error && (told as NodeJS.ErrnoException).syscall !== undefined ? told : null;
}

function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(localFailure(error)?.code ?? '');
}
