import type { IndexEntry } from '../../contract/index.js';

/** States from the one that matters most to whoever asks whether all is well. */
const ORDER: readonly IndexEntry['state'][] = ['UNAVAILABLE', 'LOADING', 'UNLOADING', 'READY'];

/** What several processes say of the same versions, as of one: a version serves when it does in all that know it. */
export function mergeIndex(all: readonly (readonly IndexEntry[])[]): IndexEntry[] {
  const merged = new Map<string, IndexEntry>();
  for (const entry of all.flat()) {
    const key = JSON.stringify([entry.name, entry.version]);
    const known = merged.get(key);
    if (known === undefined || ORDER.indexOf(entry.state) < ORDER.indexOf(known.state)) merged.set(key, entry);
  }
  return [...merged.values()];
}
