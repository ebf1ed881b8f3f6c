import { type Bundle, BUNDLE_FILE, FltsError, MODEL_FILE, type Pointer } from '../../contract/index.js';
import type { FetchedBundle } from '../../serving/ports.js';
import {
  bundleOfText,
  bundleText,
  checkedRunId,
  digestOf,
  MODEL_BYTES_MAX,
  newestFirst,
  readForList,
} from '../bundle-files.js';
import type { ArtifactCache } from '../cache/artifact-cache.js';
import type { ModelRegistry, PromoteOptions, RegistryEntry } from '../model-registry.js';
import { pointerOf } from '../pointer-of.js';
import type { StoredBundle, VersionStore } from './version-store.js';

/** Bundles that are read at once for a listing. */
const LIST_PARALLEL = 8;

/** A registry on a remote source, with its versions in a cache on this disk. What comes from the source is checked here. */
export class RemoteRegistry implements ModelRegistry {
  readonly #store: VersionStore;
  readonly #cache: ArtifactCache;
  /** The source's name in the cache. */
  readonly #source: string;

  constructor(store: VersionStore, cache: ArtifactCache) {
    this.#store = store;
    this.#cache = cache;
    this.#source = digestOf(store.identity).slice(0, 16);
  }

  get uri(): string {
    return this.#store.uri;
  }

  async readPointer(): Promise<Pointer | null> {
    await this.#cache.holdOn();
    return await this.#store.readPointer();
  }

  async lastServed(): Promise<Pointer | null> {
    return await this.#cache.recall(this.#source);
  }

  async noteServed(pointer: Pointer): Promise<void> {
    await this.#cache.remember(this.#source, pointer);
  }

  async list(): Promise<RegistryEntry[]> {
    const current = (await this.#pointerOrNull())?.run_id;
    const runIds = await this.#store.runIds();
    const entries: RegistryEntry[] = [];
    for (let i = 0; i < runIds.length; i += LIST_PARALLEL) {
      const part = runIds.slice(i, i + LIST_PARALLEL).map(async (runId) => {
        const read = await readForList(() => this.readBundle(runId));
        return { runId, ...read, current: runId === current };
      });
      entries.push(...(await Promise.all(part)));
    }
    return entries.sort(newestFirst);
  }

  async aliasedRunIds(): Promise<string[]> {
    return (await this.#store.aliasedRunIds?.()) ?? [];
  }

  async readBundle(runId: string): Promise<Bundle> {
    const { text, place } = await this.#stored(runId);
    return bundleOfText(text, runId, place);
  }

  async fetchBundle(runId: string): Promise<FetchedBundle> {
    const cached = await this.#cache.find(this.#source, checkedRunId(runId));
    if (cached !== null) return cached;
    const { text, place } = await this.#stored(runId);
    return await this.#cache.add(this.#source, runId, text, place, async (path) => {
      if (await this.#store.downloadModel(runId, path, MODEL_BYTES_MAX)) return;
      throw new FltsError('FLTS_BUNDLE_CORRUPT', `${MODEL_FILE} of ${place} is missing.`);
    });
  }

  async write(bundle: Bundle, model: Uint8Array): Promise<void> {
    checkedRunId(bundle.run_id);
    await this.#store.write(bundle, bundleText(bundle), model);
  }

  async promote(runId: string, options: PromoteOptions): Promise<Pointer> {
    const { bundle } = await this.fetchBundle(runId);
    return await this.#store.replacePointer(bundle, (before) => pointerOf(bundle, options, before));
  }

  async remove(runId: string): Promise<void> {
    await this.#stored(runId);
    if ((await this.#pointerOrNull())?.run_id === runId) {
      throw new FltsError('FLTS_REMOVAL_REFUSED', `Run ${runId} is not removed: it is the current one of ${this.uri}.`);
    }
    await this.#store.remove(runId);
  }

  close(): void {
    this.#store.close();
  }

  async #stored(runId: string): Promise<StoredBundle> {
    const stored = await this.#store.readBundle(checkedRunId(runId));
    if (stored === null) {
      throw new FltsError('FLTS_NO_MODEL', `The registry ${this.uri} has no model of run ${runId}.`);
    }
    if (stored.sha256 !== null && stored.sha256 !== digestOf(stored.text)) {
      throw new FltsError('FLTS_BUNDLE_CORRUPT', `${BUNDLE_FILE} of ${stored.place} is not as it was written.`);
    }
    return stored;
  }

  /** A damaged pointer is as none: what is promoted next replaces it. */
  #pointerOrNull(): Promise<Pointer | null> {
    return this.#store.readPointer().catch((error: unknown) => {
      if (error instanceof FltsError && error.code === 'FLTS_BUNDLE_CORRUPT') return null;
      throw error;
    });
  }
}
