import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own, small enough to be filled, on which nobody can write when it says so: not even root. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes what room is left, until `free`. */
  fill(): void;
  free(): void;
  setReadOnly(isReadOnly: boolean): void;
  unmount(): void;
}

/** Null, with a loud line, where there is no right to mount one. */
export function smallDisk(kibibytes: number, what: string): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'flts-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder]);
  if (mounted.status !== 0) {
    rmdirSync(folder);
    console.warn(`\n*** SKIPPED: ${what}: no right to mount a small file system ***\n`);
    return null;
  }
  const filler = join(folder, '.filler');
  return {
    folder,
    fill: () => {
      try {
        writeFileSync(filler, new Uint8Array(kibibytes * 1024));
      } catch (error) {
        // As much as there was room for has been written.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    free: () => {
      rmSync(filler);
    },
    setReadOnly: (isReadOnly) => {
      execFileSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder]);
    },
    unmount: () => {
      execFileSync('umount', [folder]);
      rmdirSync(folder);
    },
  };
}
