import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const TEMPORARY_PREFIX = '.tmp-';
/** A temporary entry as old as this was left by a process that was killed. */
const STALE_MS = 24 * 3600 * 1000;

/** A fresh name in `folder` that readers ignore; renaming within one folder is one step on every file system. */
export function temporaryPath(folder: string): string {
  return join(folder, `${TEMPORARY_PREFIX}${randomBytes(8).toString('hex')}`);
}

/** Whether an entry of a folder is a temporary one. */
export function isTemporary(name: string): boolean {
  return name.startsWith(TEMPORARY_PREFIX);
}

/** Writes a new file and waits until the disk has it. On failure the file may be there in part: use a temporary path. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Replaces a file in one step: readers see the old content or the new one, never a part; its folder must be there. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = temporaryPath(dirname(path));
  try {
    await writeDurably(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes a folder with these files in one step: it is there whole or not at all. Fails when it is there already. */
export async function createFolder(path: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<void> {
  const temporary = temporaryPath(dirname(path));
  try {
    await mkdir(temporary);
    for (const [name, content] of files) await writeDurably(join(temporary, name), content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Removes a folder so that readers see it whole or not at all. */
export async function removeFolder(path: string): Promise<void> {
  const temporary = temporaryPath(dirname(path));
  await rename(path, temporary);
  await rm(temporary, { recursive: true });
}

/** Removes what killed processes left behind in `folder` more than a day before `nowMs`. */
export async function removeStaleTemporaries(folder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!isTemporary(name)) continue;
    const path = join(folder, name);
    // Another process may remove it at the same time.
    const entry = await stat(path).catch(() => null);
    if (entry !== null && nowMs - entry.mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}
