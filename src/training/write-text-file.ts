import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Lines that are written at once. */
const LINES_PER_WRITE = 2_000;

/** Writes lines to a file that appears whole or not at all; an existing one is replaced. */
export async function writeTextFile(path: string, lines: Iterable<string>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      let part: string[] = [];
      for (const line of lines) {
        part.push(line, '\n');
        if (part.length < 2 * LINES_PER_WRITE) continue;
        await file.writeFile(part.join(''));
        part = [];
      }
      await file.writeFile(part.join(''));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    // Writing through a handle fails without a path; the reader of the message needs one.
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}
