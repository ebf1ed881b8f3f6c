/** What a registry and its users say about versions at one instant. */
export interface PruneSnapshot {
  /** Every version, the newest first. */
  readonly runIds: readonly string[];
  /** How many of the newest stay, ≥ 1. */
  readonly keep: number;
  /** Those that are pointed to, gone back to, or served: they stay whatever their age. */
  readonly held: ReadonlySet<string>;
}

/** The versions that nobody needs, the oldest first. */
export function nextPrune({ runIds, keep, held }: PruneSnapshot): string[] {
  return runIds
    .slice(keep)
    .filter((runId) => !held.has(runId))
    .reverse();
}
