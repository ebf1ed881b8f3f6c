import { readFileSync } from 'node:fs';

/** Resident memory of a process, megabytes; null where the platform does not tell. */
export function rssMb(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return null;
  }
}
