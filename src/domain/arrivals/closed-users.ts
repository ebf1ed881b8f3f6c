/**
 * Closed arrivals: N users, each sends, waits for its answer, thinks, sends again. A slow server is asked less, so a
 * closed run never shows what would have queued at a fixed rate.
 *
 * Times are µs on the run's clock. A request is due when the same user's previous answer is there and its think time
 * is over, whatever the generator did meanwhile: the delay until it is really sent is the generator's lag.
 */
export interface ClosedUsers {
  /** The most users at once. */
  readonly users: number;
  readonly thinkUs: number;
  readonly startUs: number;
  /** No request is due at or after this time; Infinity where only the number of requests counts. */
  readonly endUs: number;
  /** Requests of each user; Infinity where only the time counts. */
  readonly requestsPerUser: number;
  /**
   * How many users there are from when on, µs after the start, in order of time; the numbers rise first and fall after
   * (a ramp, a spike), so that every user is there once. Empty: all of them, all the time.
   */
  readonly levels: readonly UserLevel[];
}

export interface UserLevel {
  readonly afterUs: number;
  readonly users: number;
}

/** From when until when user `user` (0-based) takes part; null when it never does. */
export function userWindow(plan: ClosedUsers, user: number): { readonly fromUs: number; readonly toUs: number } | null {
  if (plan.levels.length === 0) return { fromUs: plan.startUs, toUs: plan.endUs };
  const first = plan.levels.findIndex((level) => level.users > user);
  const from = plan.levels[first];
  if (from === undefined) return null;
  const leaving = plan.levels.slice(first).find((level) => level.users <= user);
  return {
    fromUs: plan.startUs + from.afterUs,
    toUs: leaving === undefined ? plan.endUs : Math.min(plan.endUs, plan.startUs + leaving.afterUs),
  };
}

/**
 * When user `user` (0-based) is due for the first time; null when it never takes part. Users that think start spread
 * over one think time, so that they do not march in step; users that do not think are all waiting at every moment
 * anyway and start at once.
 */
export function firstDueUs(plan: ClosedUsers, user: number): number | null {
  const window = userWindow(plan, user);
  if (window === null) return null;
  const dueUs = window.fromUs + (plan.thinkUs * user) / plan.users;
  return dueUs < window.toUs ? dueUs : null;
}

/** Rest after a connection that failed, so that users do not spin against a closed door. */
export const RECONNECT_REST_US = 100_000;

/** How long a user rests between an answer and its next request: its think time, longer when it could not connect. */
export function restUs(thinkUs: number, connectFailed: boolean): number {
  return connectFailed ? Math.max(thinkUs, RECONNECT_REST_US) : thinkUs;
}

/** When the next request of a user is due, or null when the user is finished. `sent` counts its requests so far. */
export function nextDueUs(
  plan: ClosedUsers,
  user: number,
  sent: number,
  previousDoneUs: number,
  connectFailed: boolean,
): number | null {
  if (sent >= plan.requestsPerUser) return null;
  const dueUs = previousDoneUs + restUs(plan.thinkUs, connectFailed);
  const window = userWindow(plan, user);
  return window !== null && dueUs < window.toUs ? dueUs : null;
}

/** The users of generator `generator` out of `generators`: dealt out in turn, so that every share differs by at most one. */
export function usersOf(users: number, generator: number, generators: number): number[] {
  const mine: number[] = [];
  for (let user = generator; user < users; user += generators) mine.push(user);
  return mine;
}
