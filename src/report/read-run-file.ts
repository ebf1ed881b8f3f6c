import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FltsError, parseRun, type Run, RUN_FILE } from '../contract/index.js';

export interface RunFile {
  readonly run: Run;
  /** Where the other parts of the bundle lie; null where run.json stands alone. */
  readonly folder: string | null;
}

/**
 * Reads run.json of a bundle's folder, or a run.json by its path. A file of another name stands alone: what lies beside
 * it belongs to somebody else. Throws FLTS_RUN_BUNDLE or FLTS_BUNDLE_VERSION.
 */
export async function readRunFile(path: string): Promise<RunFile> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => true, // the read below says what is wrong
  );
  const runPath = isFolder ? join(path, RUN_FILE) : path;
  const text = await readFile(runPath, 'utf8').catch((cause: unknown) => {
    throw new FltsError('FLTS_RUN_BUNDLE', `${runPath} cannot be read; a run bundle has at least that file.`, {
      cause,
    });
  });
  const run = parseRun(text, runPath);
  if (isFolder) return { run, folder: path };
  return { run, folder: basename(path) === RUN_FILE ? dirname(path) : null };
}
