import { FltsError } from '../../contract/index.js';
import type { Lane } from '../scheduling/lane.js';

/** Which model and version a request asks for; null where it does not say. */
export interface ModelWish {
  readonly model: string | null;
  /** A run id, or what replies call `model_version`. */
  readonly version: string | null;
}

export const ANY_MODEL: ModelWish = { model: null, version: null };

/** As many names or versions as an error text lists, and as long a name as it repeats. */
const LISTED = 10;
const NAME_LENGTH = 64;

/** One model with the versions that answer: the main one where none is asked for, others beside it. */
export class ServedModel {
  readonly #name: string | null;
  readonly #beside = new Set<Lane>();
  #main: Lane | null = null;

  /** `name` null: as the registry's pointer calls it. */
  constructor(name: string | null) {
    this.#name = name;
  }

  /** Null while nobody has said it. */
  get name(): string | null {
    return this.#name ?? this.#main?.spec.identifier ?? null;
  }

  get main(): Lane | null {
    return this.#main;
  }

  get lanes(): Lane[] {
    return [...(this.#main === null ? [] : [this.#main]), ...this.#beside];
  }

  /** `lane` is the main version from now on; the one before answers nobody any more, and is returned. */
  setMain(lane: Lane): Lane | null {
    const before = this.#main;
    this.#beside.delete(lane);
    this.#main = lane;
    lane.isServing = true;
    if (before === null || before === lane) return null;
    before.isServing = false;
    return before;
  }

  add(lane: Lane): void {
    this.#beside.add(lane);
    lane.isServing = true;
  }

  /** Takes a version out that is not the main one. */
  remove(lane: Lane): void {
    if (this.#beside.delete(lane)) lane.isServing = false;
  }

  version(wanted: string): Lane | null {
    return this.lanes.find(({ spec }) => spec.runId === wanted || spec.version === wanted) ?? null;
  }
}

/** All models of the service. The first is the one that answers where none is asked for. */
export class ModelTable {
  readonly first: ServedModel;
  readonly #others: readonly ServedModel[];

  constructor(first: ServedModel, others: readonly ServedModel[] = []) {
    this.first = first;
    this.#others = others;
  }

  /** The version that answers such a request. Throws FLTS_UNKNOWN_MODEL, or FLTS_NOT_READY when it has none yet. */
  find(wish: ModelWish): Lane {
    const model = this.#model(wish.model);
    if (wish.version === null || model.main === null) {
      if (model.main !== null) return model.main;
      const text = model === this.first ? 'Inference service not ready' : `Model '${model.name ?? ''}' is not ready`;
      throw new FltsError('FLTS_NOT_READY', text);
    }
    const lane = model.version(wish.version);
    if (lane !== null) return lane;
    const there = model.lanes.map(({ spec }) => spec.runId);
    throw unknown(
      `Model '${model.name ?? ''}' has no version '${shortened(wish.version)}' here; there ${listed(there)}`,
    );
  }

  #model(name: string | null): ServedModel {
    if (name === null || name === this.first.name) return this.first;
    const found = this.#others.find((model) => model.name === name);
    if (found !== undefined) return found;
    // Its name comes with its first version.
    if (this.first.name === null) return this.first;
    const there = [this.first, ...this.#others].flatMap((model) => model.name ?? []);
    throw unknown(`There is no model '${shortened(name)}' here; there ${listed(there)}`);
  }
}

function unknown(text: string): FltsError {
  return new FltsError('FLTS_UNKNOWN_MODEL', text);
}

function shortened(text: string): string {
  return text.slice(0, NAME_LENGTH);
}

function listed(names: readonly string[]): string {
  const rest = names.length - LISTED;
  return `${names.length === 1 ? 'is' : 'are'} ${names.slice(0, LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
