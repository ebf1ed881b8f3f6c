import type { Bundle, Pointer } from '../contract/index.js';
import type { ModelSource } from '../serving/ports.js';

/** One version as `flts models list` shows it. */
export interface RegistryEntry {
  readonly runId: string;
  /** Null when `bundle.json` cannot be read; `problem` then says why. */
  readonly bundle: Bundle | null;
  readonly problem: string | null;
  readonly current: boolean;
}

export interface PromoteOptions {
  /** What clients see as the model's name. */
  readonly identifier: string;
  readonly experiment: string;
  /** Promote although the gate says no; recorded in the pointer. */
  readonly force: boolean;
  /** When, ISO 8601 UTC. */
  readonly timestamp: string;
  /** A return to the version before: the one that is left is not remembered as one to return to. */
  readonly rollBack?: boolean;
}

/** Where model versions live. One contract for every kind of registry; a version, once written, never changes. */
export interface ModelRegistry extends ModelSource {
  /** As given by the user: for messages. */
  readonly uri: string;
  /** Newest first by `created`; damaged ones last. */
  list(): Promise<RegistryEntry[]>;
  /**
   * Versions that are current for somebody, where a registry has several pointers: what any alias of an MLflow model
   * points to.
   */
  aliasedRunIds?(): Promise<string[]>;
  /** The bundle without its model. Throws FLTS_NO_MODEL, FLTS_BUNDLE_CORRUPT or FLTS_BUNDLE_VERSION. */
  readBundle(runId: string): Promise<Bundle>;
  /** Adds a version, whole or not at all. Throws FLTS_CANNOT_WRITE when a version of that run is there already. */
  write(bundle: Bundle, model: Uint8Array): Promise<void>;
  /**
   * Makes a version the current one: digest checked, then the pointer replaced in one step; of two promoters at once
   * the later one wins, and readers see one or the other whole. Throws FLTS_PROMOTION_REFUSED when the gate says no.
   */
  promote(runId: string, options: PromoteOptions): Promise<Pointer>;
  /**
   * Removes a version, whole: readers see it or not. Throws FLTS_NO_MODEL when it is not there, FLTS_REMOVAL_REFUSED
   * when it is the current one.
   */
  remove(runId: string): Promise<void>;
}
