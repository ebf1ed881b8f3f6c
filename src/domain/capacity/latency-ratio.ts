/** How far p95 lies above the mean at one number of users. */
export interface LatencyRatio {
  readonly users: number;
  readonly ratio: number;
}

/** The ratios of the levels that have both figures, in their order. */
export function latencyRatios(
  levels: readonly { readonly users: number; readonly meanMs: number | null; readonly p95Ms: number | null }[],
): LatencyRatio[] {
  return levels.flatMap(({ users, meanMs, p95Ms }) =>
    meanMs !== null && p95Ms !== null && meanMs > 0 ? [{ users, ratio: p95Ms / meanMs }] : [],
  );
}

/**
 * p95 over the mean at `users`: straight lines over log users between the measured levels (ascending), the nearest
 * level's beyond them; null without levels.
 */
export function ratioAt(levels: readonly LatencyRatio[], users: number): number | null {
  const below = levels.findLast((level) => level.users <= users);
  const above = levels.find((level) => level.users >= users);
  if (below === undefined || above === undefined) return (below ?? above)?.ratio ?? null;
  if (below.users === above.users) return below.ratio;
  const share = Math.log(users / below.users) / Math.log(above.users / below.users);
  return below.ratio + share * (above.ratio - below.ratio);
}
