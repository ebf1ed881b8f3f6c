import {
  type Bundle,
  BUNDLE_FILE,
  FltsError,
  MODEL_FILE,
  type Pointer,
  readPointerFile,
} from '../../contract/index.js';
import { bundleOfText, isRunId, JSON_BYTES_MAX, parseJson } from '../bundle-files.js';
import type { S3Access } from '../objects/s3-client.js';
import { pointerOf } from '../pointer-of.js';
import type { StoredBundle, VersionStore } from '../remote/version-store.js';
import { type ArtifactFolder, ArtifactFolders } from './artifact-folder.js';
import {
  ArtifactUriAnswer,
  type ModelVersion,
  readAnswer,
  RegisteredModelAnswer,
  tagOf,
  VersionAnswer,
  VersionsAnswer,
} from './mlflow-answers.js';
import type { MlflowRest } from './mlflow-rest.js';
import { registerVersion, TAGS } from './register-version.js';
import { type MlflowPlace, parseMlflowUri } from './mlflow-uri.js';
import { resolveArtifacts } from './resolve-artifacts.js';

const PAGE_VERSIONS = '200';
const VERSIONS_MAX = 10_000;

/** Where the artifacts of one version lie, and what MLflow says of it. */
interface Located {
  /** As MLflow names it: models:/NAME/VERSION, models:/m-… or runs:/RUN_ID/PATH. */
  readonly place: string;
  readonly version: ModelVersion | null;
}

/**
 * Versions of a registered model on an MLflow server: the alias is the pointer, each version's artifacts hold bundle.json
 * beside model.onnx. A pinned version or run is its own pointer, and takes no promotion.
 */
export class MlflowVersions implements VersionStore {
  readonly uri: string;
  readonly identity: string;
  readonly #rest: MlflowRest;
  readonly #folders: ArtifactFolders;
  readonly #place: MlflowPlace;
  readonly #located = new Map<string, Located>();
  #seen: { readonly mark: string; readonly pointer: Pointer } | null = null;

  constructor(uri: string, rest: MlflowRest, s3: S3Access) {
    this.#place = parseMlflowUri(uri);
    this.uri = uri;
    this.#rest = rest;
    this.#folders = new ArtifactFolders(rest, s3);
    this.identity = `mlflow ${rest.base} ${this.#place.kind === 'artifacts' ? this.#place.uri : this.#name()}`;
  }

  async readPointer(): Promise<Pointer | null> {
    const current = await this.#current();
    if (current === null) return null;
    const note = current.version === null ? null : tagOf(current.version, TAGS.pointer);
    const mark = `${current.place} ${note ?? ''}`;
    if (this.#seen?.mark === mark) return this.#seen.pointer;
    const pointer = await this.#pointerTo(current, note);
    this.#located.set(pointer.run_id, current);
    this.#seen = { mark, pointer };
    return pointer;
  }

  async runIds(): Promise<string[]> {
    await this.#locateAll();
    return [...this.#located.keys()];
  }

  async aliasedRunIds(): Promise<string[]> {
    if (this.#place.kind !== 'alias') return [];
    const { name } = this.#place;
    const answer = await this.#rest.get('/registered-models/get', { name });
    if (answer === null) return [];
    const { aliases = [] } = readAnswer(RegisteredModelAnswer, answer, name).registered_model;
    const aliased = new Set(aliases.map(({ version }) => version));
    await this.#locateAll();
    return [...this.#located]
      .filter(([, { version }]) => version !== null && aliased.has(version.version))
      .map(([runId]) => runId);
  }

  async readBundle(runId: string): Promise<StoredBundle | null> {
    const located = await this.#locate(runId);
    return located === null ? null : await this.#readStored(located);
  }

  async downloadModel(runId: string, path: string, maxBytes: number): Promise<boolean> {
    const located = await this.#locate(runId);
    if (located === null) return false;
    return await (await this.#folderOf(located)).download(MODEL_FILE, path, maxBytes);
  }

  async write(bundle: Bundle, text: string, model: Uint8Array): Promise<void> {
    if (this.#place.kind === 'artifacts') throw this.#pinned('takes no new versions');
    const { name } = this.#place;
    if ((await this.#locate(bundle.run_id)) !== null) {
      throw new FltsError(
        'FLTS_CANNOT_WRITE',
        `Cannot write run ${bundle.run_id} to ${this.uri}: it is there already.`,
      );
    }
    await registerVersion(this.#rest, this.#folders, { name, bundle, text, model });
  }

  async replacePointer(bundle: Bundle, next: (before: Pointer | null) => Pointer): Promise<Pointer> {
    if (this.#place.kind !== 'alias') throw this.#pinned('has no alias that could move');
    const { name, alias } = this.#place;
    const { version } = (await this.#locate(bundle.run_id)) ?? { version: null };
    if (version === null) throw new FltsError('FLTS_NO_MODEL', `${this.uri} has no version of run ${bundle.run_id}.`);
    const before = await this.readPointer().catch((error: unknown) => {
      if (error instanceof FltsError && error.code.startsWith('FLTS_SOURCE_')) throw error;
      // What is current is damaged or gone: it is replaced, whatever it was.
      return null;
    });
    const pointer: Pointer = { ...next(before), identifier: name, model_uri: `models:/${name}/${version.version}` };
    // The note first: moving the alias is the step that counts.
    const tag = { name, version: version.version, key: TAGS.pointer, value: JSON.stringify(pointer) };
    await this.#rest.post('/model-versions/set-tag', tag);
    await this.#rest.post('/registered-models/alias', { name, alias, version: version.version });
    return pointer;
  }

  async remove(runId: string): Promise<void> {
    const located = await this.#locate(runId);
    if (this.#place.kind === 'artifacts' || located?.version === undefined || located.version === null) {
      throw this.#pinned('cannot be removed');
    }
    await this.#rest.delete('/model-versions/delete', { name: this.#place.name, version: located.version.version });
    this.#located.delete(runId);
  }

  close(): void {
    this.#rest.close();
    this.#folders.close();
  }

  async #current(): Promise<Located | null> {
    const place = this.#place;
    if (place.kind === 'artifacts') return { place: place.uri, version: null };
    const answer =
      place.kind === 'alias'
        ? await this.#rest.get('/registered-models/alias', { name: place.name, alias: place.alias })
        : await this.#rest.get('/model-versions/get', { name: place.name, version: place.version });
    return answer === null ? null : this.#locatedVersion(readAnswer(VersionAnswer, answer, this.uri).model_version);
  }

  /** What was noted at the promotion; for an alias that was moved by other tools, what the bundle says. */
  async #pointerTo(current: Located, note: string | null): Promise<Pointer> {
    const noted =
      note === null ? null : readPointerFile(parseJson(note, current.place), `The note of ${current.place}`);
    const stored = await this.#readStored(current);
    if (stored === null) throw noBundle(current.place);
    const runId = runIdIn(stored);
    if (noted !== null && noted.run_id === runId) return noted;
    const createdMs = current.version?.creation_timestamp ?? 0;
    const options = {
      identifier: this.#name(),
      experiment: 'default',
      force: true,
      timestamp: new Date(createdMs).toISOString(),
    };
    return { ...pointerOf(bundleOfText(stored.text, runId, stored.place), options, null), model_uri: current.place };
  }

  async #locate(runId: string): Promise<Located | null> {
    if (!this.#located.has(runId)) await this.#locateAll();
    return this.#located.get(runId) ?? null;
  }

  /** Finds every version's run id: as its tag says, else as its bundle says. */
  async #locateAll(): Promise<void> {
    const found: Located[] = [];
    if (this.#place.kind === 'alias') {
      for (const version of await this.#versions(this.#place.name)) found.push(this.#locatedVersion(version));
    } else {
      const current = await this.#current();
      if (current !== null) found.push(current);
    }
    const known = new Set([...this.#located.values()].map(({ place }) => place));
    for (const located of found) {
      if (known.has(located.place)) continue;
      const tagged = located.version === null ? null : tagOf(located.version, TAGS.runId);
      const stored = tagged === null ? await this.#readStored(located) : null;
      const runId = tagged ?? (stored === null ? located.version?.run_id : runIdIn(stored)) ?? '';
      if (isRunId(runId)) this.#located.set(runId, located);
    }
  }

  async #versions(name: string): Promise<ModelVersion[]> {
    const versions: ModelVersion[] = [];
    let token = '';
    do {
      const query = {
        filter: `name='${name}'`,
        max_results: PAGE_VERSIONS,
        ...(token === '' ? {} : { page_token: token }),
      };
      const page = readAnswer(
        VersionsAnswer,
        await this.#rest.get('/model-versions/search', query),
        `versions of ${name}`,
      );
      versions.push(...(page.model_versions ?? []));
      token = page.next_page_token ?? '';
    } while (token !== '' && versions.length < VERSIONS_MAX);
    return versions;
  }

  async #readStored(located: Located): Promise<StoredBundle | null> {
    const bytes = await (await this.#folderOf(located)).read(BUNDLE_FILE, JSON_BYTES_MAX);
    if (bytes === null) return null;
    const sha256 = located.version === null ? null : tagOf(located.version, TAGS.bundleSha256);
    return { text: bytes.toString(), sha256, place: `${located.place}/${BUNDLE_FILE}` };
  }

  async #folderOf({ place, version }: Located): Promise<ArtifactFolder> {
    if (version === null) return this.#folders.open(await resolveArtifacts(this.#rest, place));
    const query = { name: this.#name(), version: version.version };
    const answer = await this.#rest.get('/model-versions/get-download-uri', query);
    const { artifact_uri: uri } = readAnswer(ArtifactUriAnswer, answer, place);
    return this.#folders.open(await resolveArtifacts(this.#rest, uri));
  }

  #locatedVersion(version: ModelVersion): Located {
    return { place: `models:/${this.#name()}/${version.version}`, version };
  }

  #name(): string {
    return this.#place.kind === 'artifacts' ? 'default' : this.#place.name;
  }

  #pinned(what: string): FltsError {
    return new FltsError('FLTS_USAGE', `${this.uri} names one version: it ${what}.`, {
      remedy: 'Give the registered model with an alias: mlflow:models:/NAME@ALIAS.',
    });
  }
}

/** The run id that a bundle says it is of; the rest of it is checked by who reads it. */
function runIdIn({ text, place }: StoredBundle): string {
  const { run_id: runId } = (parseJson(text, place) ?? {}) as { run_id?: unknown };
  return typeof runId === 'string' ? runId : '';
}

function noBundle(place: string): FltsError {
  return new FltsError('FLTS_BUNDLE_CORRUPT', `${place} has no ${BUNDLE_FILE}: it was not logged by flts.`, {
    remedy: 'Make a bundle of a model of other tools with `flts models import`.',
  });
}
