/**
 * Closed arrivals: N users, each sends, waits for its answer, thinks, sends again. A slow server is asked less, so a
 * closed run never shows what would have queued at a fixed rate.
 *
 * Times are µs on the run's clock. A request is due when the same user's previous answer is there and its think time
 * is over, whatever the generator did meanwhile: the delay until it is really sent is the generator's lag.
 */
export interface ClosedUsers {
  readonly users: number;
  readonly thinkUs: number;
  readonly startUs: number;
  /** No request is due at or after this time; Infinity where only the number of requests counts. */
  readonly endUs: number;
  /** Requests of each user; Infinity where only the time counts. */
  readonly requestsPerUser: number;
}

/**
 * When user `user` (0-based) is due for the first time. Users that think start spread over one think time, so that
 * they do not march in step; users that do not think are all waiting at every moment anyway and start at once.
 */
export function firstDueUs(plan: ClosedUsers, user: number): number {
  return plan.startUs + (plan.thinkUs * user) / plan.users;
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
  sent: number,
  previousDoneUs: number,
  connectFailed: boolean,
): number | null {
  if (sent >= plan.requestsPerUser) return null;
  const dueUs = previousDoneUs + restUs(plan.thinkUs, connectFailed);
  return dueUs < plan.endUs ? dueUs : null;
}

/** The users of generator `generator` out of `generators`: dealt out in turn, so that every share differs by at most one. */
export function usersOf(users: number, generator: number, generators: number): number[] {
  const mine: number[] = [];
  for (let user = generator; user < users; user += generators) mine.push(user);
  return mine;
}
