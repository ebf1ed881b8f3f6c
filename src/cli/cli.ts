import type { Terminal } from './terminal.js';

/** What every command gets from the composition root. */
export interface Cli {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Set by a command that ran to its end with a verdict of its own; 0 otherwise. */
  exitCode: number;
}
