/** What the registry and the service say about model versions at one instant. */
export interface RolloutSnapshot {
  /** The version that serves; null when none does. */
  readonly servingRunId: string | null;
  /** What the registry's pointer names; null when nothing is promoted. */
  readonly promoted: { readonly runId: string; readonly identifier: string } | null;
  /** Serve only this identifier; empty: any. */
  readonly identifier: string;
  /** The version that failed last, and when; null when the last attempt worked. */
  readonly failed: { readonly runId: string; readonly atUs: number } | null;
}

export type Rollout =
  | { readonly action: 'keep'; readonly reason: string | null }
  | { readonly action: 'take'; readonly runId: string };

/** A version that failed is tried again after this long: a damaged bundle may have been mended in place. */
export const RETRY_FAILED_US = 30_000_000;

/** Whether to take another version. A pointer that vanished changes nothing: the version at hand goes on serving. */
export function nextRollout(snapshot: RolloutSnapshot, nowUs: number): Rollout {
  const { promoted, servingRunId, identifier, failed } = snapshot;
  if (promoted === null) {
    return { action: 'keep', reason: servingRunId === null ? 'no model is promoted in the registry' : null };
  }
  if (identifier !== '' && promoted.identifier !== identifier) {
    return { action: 'keep', reason: `the promoted model is of '${promoted.identifier}', not of '${identifier}'` };
  }
  if (promoted.runId === servingRunId) return { action: 'keep', reason: null };
  if (failed !== null && failed.runId === promoted.runId && nowUs - failed.atUs < RETRY_FAILED_US) {
    return { action: 'keep', reason: `run ${promoted.runId} failed and is tried again later` };
  }
  return { action: 'take', runId: promoted.runId };
}
