import type { WantedVersions } from './version-policy.js';

/** What the registry and the service say about the versions of one model at one instant. */
export interface RolloutSnapshot {
  readonly wanted: WantedVersions;
  /** The version that answers where none is asked for; null before the first. */
  readonly main: string | null;
  /** Those that answer when asked for by version. */
  readonly beside: readonly string[];
  /** The version before the main one, while that is on trial; null when there is none. */
  readonly standby: string | null;
  /** Versions that failed, and when, µs. */
  readonly failed: ReadonlyMap<string, number>;
  /** The version that was rolled back since it was promoted; it does not come back by itself. */
  readonly rolledBack: string | null;
  /** How many more versions may be loaded to answer beside others. */
  readonly room: number;
}

export type Rollout =
  /** `reason`: why the wanted version is not the main one; null when it is. */
  | { readonly action: 'keep'; readonly reason: string | null }
  /** Load it and make it the main one. */
  | { readonly action: 'take'; readonly runId: string }
  /** It is loaded: make it the main one. */
  | { readonly action: 'turn'; readonly runId: string }
  | { readonly action: 'add'; readonly runId: string }
  | { readonly action: 'release'; readonly runId: string };

/** A version that failed is tried again after this long: a damaged bundle may have been mended in place. */
export const RETRY_FAILED_US = 30_000_000;

/**
 * What to do next; to be asked again after it was done. The main version comes first, then those go that nobody
 * wants, then others come. A pointer that vanished changes nothing: the version at hand goes on serving.
 */
export function nextRollout(snapshot: RolloutSnapshot, nowUs: number): Rollout {
  const { wanted, main, beside, standby, rolledBack, room } = snapshot;
  const mayCome = (runId: string): boolean => runId !== rolledBack && !hasJustFailed(snapshot, runId, nowUs);
  if (wanted.main !== null && wanted.main !== main && mayCome(wanted.main)) {
    const isLoaded = beside.includes(wanted.main) || standby === wanted.main;
    return { action: isLoaded ? 'turn' : 'take', runId: wanted.main };
  }
  const leaving = beside.find((runId) => runId !== wanted.main && !wanted.beside.includes(runId));
  if (leaving !== undefined) return { action: 'release', runId: leaving };
  const coming = wanted.beside.find((runId) => runId !== main && !beside.includes(runId) && mayCome(runId));
  if (coming !== undefined && room > 0) return { action: 'add', runId: coming };
  return { action: 'keep', reason: reasonOf(snapshot) };
}

function hasJustFailed({ failed }: RolloutSnapshot, runId: string, nowUs: number): boolean {
  const atUs = failed.get(runId);
  return atUs !== undefined && nowUs - atUs < RETRY_FAILED_US;
}

function reasonOf({ wanted, main, rolledBack }: RolloutSnapshot): string | null {
  if (wanted.main === null) return wanted.reason;
  if (wanted.main === main) return null;
  const why = wanted.main === rolledBack ? 'was rolled back' : 'failed and is tried again later';
  return `run ${wanted.main} ${why}`;
}
