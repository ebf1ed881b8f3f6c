import { rename, rm, writeFile } from 'node:fs/promises';
import { FltsError } from '../../contract/index.js';

/** Writes a file whole or not at all. Throws FLTS_CANNOT_WRITE. */
export async function writeText(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new FltsError('FLTS_CANNOT_WRITE', `${path} cannot be written: ${reason}.`, { cause });
  }
}
