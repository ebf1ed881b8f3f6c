import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { cannotWrite } from '../bundle-files.js';

/**
 * Writes the parts to a file that is made for them. When that fails or is aborted, no file is left. Throws
 * FLTS_CANNOT_WRITE when it is this machine's disk that failed, not the source of the parts.
 */
export async function writeNewFile(parts: AsyncIterable<Buffer>, path: string, signal?: AbortSignal): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx' });
  try {
    await pipeline(parts, file, signal === undefined ? {} : { signal });
  } catch (error) {
    // It may still be opening: what was removed before that would be made after it.
    if (!file.closed) {
      await new Promise<void>((resolve) => {
        file.once('close', resolve);
      });
    }
    await rm(path, { force: true });
    const { syscall } = error as NodeJS.ErrnoException;
    throw syscall === 'open' || syscall === 'write' ? cannotWrite(path, error) : error;
  }
}
