/** Which versions of a model a service keeps loaded. */
export type VersionPolicy =
  /** The promoted one. */
  | { readonly kind: 'latest' }
  /** This one, whatever is promoted. */
  | { readonly kind: 'pinned'; readonly runId: string }
  /** The promoted one, and so many of the newest beside it, which answer when asked for by version. */
  | { readonly kind: 'newest'; readonly count: number };

/** Most versions that `newest:N` may ask for. */
export const NEWEST_MAX = 16;

/** `latest`, `pinned:RUN_ID` or `newest:N`; null for anything else. */
export function parseVersionPolicy(text: string): VersionPolicy | null {
  if (text === 'latest') return { kind: 'latest' };
  const [, runId] = /^pinned:([0-9a-f]{32})$/.exec(text) ?? [];
  if (runId !== undefined) return { kind: 'pinned', runId };
  const count = Number(/^newest:([1-9]\d?)$/.exec(text)?.[1] ?? Number.NaN);
  return count <= NEWEST_MAX ? { kind: 'newest', count } : null;
}

/** What a registry says at one instant. */
export interface RegistryView {
  /** What its pointer names; null when nothing is promoted. */
  readonly promoted: { readonly runId: string; readonly identifier: string } | null;
  /** Versions that can be read, the newest first; as many as the policy may need. */
  readonly newest: readonly string[];
}

export interface WantedVersions {
  /** The one that answers where no version is asked for; null: no change is wanted. */
  readonly main: string | null;
  readonly beside: readonly string[];
  /** Why no main version is wanted; null when one is. */
  readonly reason: string | null;
}

/** `identifier`: take only a promotion of this name; empty: any. */
export function wantedVersions(policy: VersionPolicy, view: RegistryView, identifier: string): WantedVersions {
  if (policy.kind === 'pinned') return { main: policy.runId, beside: [], reason: null };
  const { promoted, newest } = view;
  const isOurs = promoted !== null && (identifier === '' || promoted.identifier === identifier);
  const reason =
    promoted === null
      ? 'no model is promoted in the registry'
      : `the promoted model is of '${promoted.identifier}', not of '${identifier}'`;
  if (policy.kind === 'latest') {
    return isOurs ? { main: promoted.runId, beside: [], reason: null } : { main: null, beside: [], reason };
  }
  const chosen = newest.slice(0, policy.count);
  const main = isOurs ? promoted.runId : promoted === null ? (chosen[0] ?? null) : null;
  const beside = chosen.filter((runId) => runId !== main);
  return main === null ? { main, beside, reason } : { main, beside, reason: null };
}
