import { type ErrorCode, ERRORS, type ExitKind, FltsError } from '../contract/index.js';

/** Exit codes of the command line. 98 and 99 are the load test's verdicts. */
export const EXIT_CODES = {
  unexpected: 1,
  usage: 2,
  input: 3,
  not_found: 4,
  refused: 5,
  environment: 6,
  invalid_run: 98,
  requirement_failed: 99,
  interrupted: 130,
} as const satisfies Record<ExitKind, number>;

export const EXIT_OK = 0;

/** The exit code of a catalogue error. */
export function exitCodeOf(code: ErrorCode): number {
  return EXIT_CODES[ERRORS[code].exit];
}

/** System errors that say the same thing wherever they happen, as catalogue errors. */
const SYSTEM_ERRORS: Record<string, { code: ErrorCode; say: (path: string) => string }> = {
  ENOSPC: { code: 'FLTS_CANNOT_WRITE', say: (path) => `The disk is full: cannot write ${path}.` },
  EDQUOT: { code: 'FLTS_CANNOT_WRITE', say: (path) => `The disk quota is used up: cannot write ${path}.` },
  EROFS: { code: 'FLTS_CANNOT_WRITE', say: (path) => `${path} is on a read-only file system.` },
  EACCES: { code: 'FLTS_CANNOT_WRITE', say: (path) => `No right to use ${path}.` },
  EPERM: { code: 'FLTS_CANNOT_WRITE', say: (path) => `No right to use ${path}.` },
  ENOTDIR: { code: 'FLTS_CANNOT_WRITE', say: (path) => `${path} goes through a file where a folder should be.` },
  EISDIR: { code: 'FLTS_FILE_NOT_FOUND', say: (path) => `${path} is a folder, not a file.` },
  ENOENT: { code: 'FLTS_FILE_NOT_FOUND', say: (path) => `${path} does not exist.` },
  EMFILE: { code: 'FLTS_CANNOT_WRITE', say: (path) => `Too many open files while opening ${path}.` },
};

/** Any thrown value as a catalogue error; what nobody foresaw becomes FLTS_INTERNAL. */
export function asFltsError(error: unknown): FltsError {
  if (error instanceof FltsError) return error;
  if (error instanceof Error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const known = code === undefined ? undefined : SYSTEM_ERRORS[code];
    if (known !== undefined) return new FltsError(known.code, known.say(path ?? 'a file'), { cause: error });
    return new FltsError('FLTS_INTERNAL', error.message, {
      remedy: 'Run again with FLTS_DEBUG=1 for the stack trace, and report it.',
      cause: error,
    });
  }
  return new FltsError('FLTS_INTERNAL', String(error));
}
