/** What the command line exits with. 0 means done; 98 and 99 are the load test's own (LOADLAB). */
export type ExitKind =
  | 'unexpected'
  | 'usage'
  | 'input'
  | 'not_found'
  | 'refused'
  | 'environment'
  | 'invalid_run'
  | 'requirement_failed'
  | 'interrupted';

export interface ErrorEntry {
  /** HTTP status where the error can reach a client, else null. */
  readonly status: number | null;
  readonly exit: ExitKind;
  /** What happened, in general words; the error's own message says it of the case at hand. */
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;
}
