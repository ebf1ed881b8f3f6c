/** What a success objective leaves to fail, and how much of that was used. */
export interface ErrorBudget {
  readonly objective: number;
  /** Requests that were allowed to fail. */
  readonly allowed: number;
  readonly used: number;
  /** used / allowed; null where nothing is allowed. */
  readonly usedShare: number | null;
}

/** The error budget of `n` requests under a success objective (0..1), such as 0.999. */
export function errorBudget(objective: number, n: number, failed: number): ErrorBudget {
  const allowed = (1 - objective) * n;
  return { objective, allowed, used: failed, usedShare: allowed > 0 ? failed / allowed : null };
}
