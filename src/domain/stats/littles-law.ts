/**
 * Little's law as a check of the book-keeping: in a closed run every user is at any moment either waiting for an
 * answer or thinking, so the time that all requests and thinking cover, divided by the window, is the number of users.
 * X·(mean response + think) is that same area when edges are neglected; here they are cut at the window, so that
 * short phases are judged as fairly as long ones. Less means lost requests or users that stopped.
 * Source: Little, "A Proof for the Queuing Formula L = λW", Operations Research 9 (1961); finite windows: Stidham (1974).
 */

/** Up to this many users the law may be off by 2 %, above by 5 %. */
const TIGHT_USERS_MAX = 50;
const TOLERANCE_FEW = 0.02;
const TOLERANCE_MANY = 0.05;

/** The part of [fromUs, toUs] that lies inside the window, µs; 0 when none does. */
export function overlapUs(fromUs: number, toUs: number, windowFromUs: number, windowToUs: number): number {
  return Math.max(0, Math.min(toUs, windowToUs) - Math.max(fromUs, windowFromUs));
}

export interface LittlesLaw {
  /** Users that should have been in the system, on average over the window. */
  readonly expected: number;
  /** Users that the requests account for. */
  readonly measured: number;
  /** |measured − expected| / expected. */
  readonly deviation: number;
  readonly tolerance: number;
  readonly holds: boolean;
}

/**
 * @param userTimeUs user-time that should have been spent: Σ over users of their time inside the window
 * @param coveredUs Σ over requests of response and think time inside the window
 * @param windowUs length of the window, > 0
 * @param users number of users: chooses the tolerance
 */
export function littlesLaw(userTimeUs: number, coveredUs: number, windowUs: number, users: number): LittlesLaw {
  const expected = userTimeUs / windowUs;
  const measured = coveredUs / windowUs;
  const deviation = expected > 0 ? Math.abs(measured - expected) / expected : 0;
  const tolerance = users <= TIGHT_USERS_MAX ? TOLERANCE_FEW : TOLERANCE_MANY;
  return { expected, measured, deviation, tolerance, holds: deviation <= tolerance };
}
