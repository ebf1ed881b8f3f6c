import type { Run } from '../../contract/index.js';

/** Whether generator and service shared one machine. */
export function isLocal(run: Run): boolean {
  return run.target !== undefined && /\/\/(localhost|127\.|\[::1\])/.test(run.target.url);
}
