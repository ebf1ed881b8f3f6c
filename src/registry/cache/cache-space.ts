import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FltsError } from '../../contract/index.js';
import { removeFolder } from '../atomic-write.js';
import { isRunId, nothingThere } from '../bundle-files.js';

/** An entry that was used so recently may still be read by somebody; those who hold entries say so more often. */
export const IN_USE_MS = 180_000;

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/** Whether a folder of the cache is that of a source: 16 hexadecimal digits. */
export function isSourceName(name: string): boolean {
  return /^[0-9a-f]{16}$/.test(name);
}

/**
 * The room that the entries of a cache take, of every source and process: FOLDER/SOURCE/RUN_ID/FILE. Whatever else lies
 * in the folder is not the cache's, and is never counted or removed; links are not followed.
 */
export class CacheSpace {
  readonly #folder: string;
  readonly #nowMs: () => number;

  /** `nowMs`: wall clock, ms since 1970. */
  constructor(folder: string, nowMs: () => number) {
    this.#folder = folder;
    this.#nowMs = nowMs;
  }

  /** Evicts the longest unused until `bytes` more fit in `maxBytes`. Throws FLTS_CANNOT_WRITE when they never do. */
  async makeRoom(bytes: number, maxBytes: number): Promise<void> {
    const entries = await this.#entries();
    let excess = entries.reduce((sum, entry) => sum + entry.bytes, bytes) - maxBytes;
    for (const entry of this.#unused(entries)) {
      if (excess <= 0) return;
      await evict(entry);
      excess -= entry.bytes;
    }
    if (excess <= 0) return;
    throw new FltsError(
      'FLTS_CANNOT_WRITE',
      `The model cache ${this.#folder} is full: ${bytes} bytes more do not fit in ${maxBytes}.`,
      {
        remedy: 'Raise model_cache_max_bytes, or wait until versions in it are no longer in use.',
      },
    );
  }

  /** Evicts the longest unused entry; false when there is none. */
  async evictOne(): Promise<boolean> {
    const [oldest] = this.#unused(await this.#entries());
    if (oldest === undefined) return false;
    await evict(oldest);
    return true;
  }

  /** Entries that nobody uses, the longest unused first. */
  #unused(entries: readonly Entry[]): Entry[] {
    const nowMs = this.#nowMs();
    // A time ahead of the clock tells that the clock was set back, not that somebody reads.
    return entries.filter(({ usedMs }) => Math.abs(nowMs - usedMs) >= IN_USE_MS).sort((a, b) => a.usedMs - b.usedMs);
  }

  async #entries(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (const source of await readdir(this.#folder, { withFileTypes: true })) {
      if (!source.isDirectory() || !isSourceName(source.name)) continue;
      for (const name of await readdir(join(this.#folder, source.name)).catch(noEntries)) {
        const path = join(this.#folder, source.name, name);
        const info = await lstat(path).catch(nothingThere(null));
        if (info === null || !info.isDirectory() || !isRunId(name)) continue;
        entries.push({ path, bytes: await bytesOf(path), usedMs: info.mtimeMs });
      }
    }
    return entries;
  }
}

/** Bytes of the files in a folder; 0 when it has gone. */
export async function bytesOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder).catch(noEntries)) {
    bytes += (await stat(join(folder, name)).catch(nothingThere(null)))?.size ?? 0;
  }
  return bytes;
}

async function evict(entry: Entry): Promise<void> {
  await removeFolder(entry.path).catch(nothingThere(undefined));
}

/** A folder that has gone, or a file beside the folders of the sources. */
function noEntries(error: unknown): string[] {
  if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [];
  return nothingThere<string[]>([])(error);
}
