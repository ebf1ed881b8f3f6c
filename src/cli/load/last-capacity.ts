import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRun, type Run } from '../../contract/index.js';

/** Newest runs that are looked at, at most. */
const RUNS_MAX = 100;

async function readRun(path: string): Promise<{ run: Run; mtimeMs: number } | null> {
  try {
    return { run: parseRun(await readFile(path, 'utf8'), path), mtimeMs: (await stat(path)).mtimeMs };
  } catch {
    return null; // a folder without a run, or with one of another version, is nothing to refer to
  }
}

/** What the newest run below `folder` found as the capacity of that target; null where none did. */
export async function lastCapacity(folder: string, url: string): Promise<{ perS: number; path: string } | null> {
  const names = await readdir(folder).catch(() => []);
  const found: { perS: number; path: string; mtimeMs: number }[] = [];
  // Names end with their time: the newest of a preset come last.
  for (const name of names.sort().slice(-RUNS_MAX)) {
    const read = await readRun(join(folder, name, 'run.json'));
    const perS = read?.run.capacity?.rate_per_s ?? null;
    if (read === null || perS === null || read.run.target?.url !== url) continue;
    found.push({ perS, path: join(folder, name), mtimeMs: read.mtimeMs });
  }
  return found.sort((a, b) => b.mtimeMs - a.mtimeMs)[0] ?? null;
}
