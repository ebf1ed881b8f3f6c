import type { Run } from '../../contract/index.js';
import { EXIT_CODES, EXIT_OK } from '../exit-codes.js';

/** The exit code that a run's verdict asks for. */
export function exitCodeOfRun(run: Run): number {
  if (run.interrupted === true) return EXIT_CODES.interrupted;
  if (run.verdict === 'INVALID') return EXIT_CODES.invalid_run;
  return run.verdict === 'FAILED' ? EXIT_CODES.requirement_failed : EXIT_OK;
}
