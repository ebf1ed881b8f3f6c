/**
 * The error catalogue: every error that a user, a client or a script can meet, with what it means and what to do.
 * `http/error-mapper.ts` maps `status` to a reply, `cli/exit-codes.ts` maps `exit` to the process's exit code.
 * A test holds this table against docs/reference/errors.md.
 */
import { COMMAND_ERRORS } from './errors/command-errors.js';
import { IMPORT_ERRORS } from './errors/import-errors.js';
import { REQUEST_ERRORS } from './errors/request-errors.js';
import { SERVICE_ERRORS } from './errors/service-errors.js';
import { SOURCE_ERRORS } from './errors/source-errors.js';

export type { ExitKind } from './errors/error-entry.js';

export const ERRORS = {
  ...REQUEST_ERRORS,
  ...SERVICE_ERRORS,
  ...COMMAND_ERRORS,
  ...SOURCE_ERRORS,
  ...IMPORT_ERRORS,
} as const;

export type ErrorCode = keyof typeof ERRORS;

/**
 * An error of the catalogue. `message` is one sentence for the case at hand (for HTTP it is the reply's `detail`);
 * `details` are facts for logs and `--json`, never secrets.
 */
export class FltsError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** What to do; the catalogue's remedy unless the case has a better one. */
  readonly remedy: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: { remedy?: string; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FltsError';
    this.code = code;
    this.remedy = options.remedy ?? ERRORS[code].remedy;
    this.details = options.details;
  }
}
