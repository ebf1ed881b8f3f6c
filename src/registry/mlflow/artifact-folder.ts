import { FltsError } from '../../contract/index.js';
import { boundedBytes, type ByteLimits } from '../objects/bounded-bytes.js';
import { isPlainPath, keyBelow } from '../objects/object-key.js';
import type { S3Access } from '../objects/s3-client.js';
import { S3ObjectStore } from '../objects/s3-object-store.js';
import { shownUri } from '../objects/shown-uri.js';
import { writeNewFile } from '../objects/write-new-file.js';
import type { MlflowRest } from './mlflow-rest.js';

/** A folder of artifacts: files by plain names. Methods throw FLTS_SOURCE_*. */
export interface ArtifactFolder {
  /** Null when there is no such file. */
  read(name: string, maxBytes: number): Promise<Buffer | null>;
  /** Writes it to a new file; false when there is none. */
  download(name: string, path: string, maxBytes: number): Promise<boolean>;
  put(name: string, content: Uint8Array | string): Promise<void>;
}

const PROXY = '/api/2.0/mlflow-artifacts/artifacts/';
const PAUSE_TIMEOUT_MS = 15_000;
const TRANSFER_TIMEOUT_MS = 600_000;

/** Opens the folders that artifact URIs name: at the tracking server, or straight on S3, and nowhere else. */
export class ArtifactFolders {
  readonly #rest: MlflowRest;
  readonly #s3: S3Access;
  /** By bucket. */
  readonly #buckets = new Map<string, S3ObjectStore>();

  constructor(rest: MlflowRest, s3: S3Access) {
    this.#rest = rest;
    this.#s3 = s3;
  }

  /** Throws FLTS_SOURCE_REFUSED for a URI of another scheme or host, or with a path that leaves its place. */
  open(uri: string): ArtifactFolder {
    const [, scheme = '', authority = '', path = ''] = /^([a-z0-9-]+):(?:\/\/([^/]*))?\/*(.*?)\/*$/s.exec(uri) ?? [];
    const isHere = authority === '' || authority === new URL(this.#rest.base).host;
    if (scheme === 'mlflow-artifacts' && isHere && isPlainPath(path)) return new ProxiedFolder(this.#rest, `${path}/`);
    if (scheme === 's3' && isPlainPath(path)) return new BucketFolder(this.#bucket(authority), `${path}/`);
    throw new FltsError(
      'FLTS_SOURCE_REFUSED',
      `MLflow keeps the model at ${JSON.stringify(shownUri(uri))}, which is not asked.`,
      {
        remedy:
          'Artifacts are read through the tracking server (mlflow server --serve-artifacts) or from s3://; nowhere else.',
      },
    );
  }

  close(): void {
    for (const store of this.#buckets.values()) store.close();
  }

  #bucket(name: string): S3ObjectStore {
    const known = this.#buckets.get(name);
    if (known !== undefined) return known;
    const store = new S3ObjectStore(`s3://${name}`, this.#s3);
    this.#buckets.set(name, store);
    return store;
  }
}

class BucketFolder implements ArtifactFolder {
  readonly #store: S3ObjectStore;
  readonly #prefix: string;

  constructor(store: S3ObjectStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  async read(name: string, maxBytes: number): Promise<Buffer | null> {
    const object = await this.#store.get(keyBelow(this.#prefix, name), { maxBytes });
    return object === null || object === 'unchanged' ? null : Buffer.from(object.body);
  }

  async download(name: string, path: string, maxBytes: number): Promise<boolean> {
    return await this.#store.download(keyBelow(this.#prefix, name), path, maxBytes);
  }

  async put(name: string, content: Uint8Array | string): Promise<void> {
    await this.#store.put(keyBelow(this.#prefix, name), content);
  }
}

/** Artifacts that the tracking server reads and writes for us. */
class ProxiedFolder implements ArtifactFolder {
  readonly #rest: MlflowRest;
  readonly #prefix: string;

  constructor(rest: MlflowRest, prefix: string) {
    this.#rest = rest;
    this.#prefix = prefix;
  }

  async read(name: string, maxBytes: number): Promise<Buffer | null> {
    return await this.#get(name, maxBytes, async (parts) => {
      const all: Buffer[] = [];
      for await (const part of parts) all.push(part);
      return Buffer.concat(all);
    });
  }

  async download(name: string, path: string, maxBytes: number): Promise<boolean> {
    const done = await this.#get(name, maxBytes, async (parts) => {
      await writeNewFile(parts, path);
      return true;
    });
    return done ?? false;
  }

  async put(name: string, content: Uint8Array | string): Promise<void> {
    const path = this.#pathOf(name);
    await this.#rest.json({ method: 'PUT', path, bytes: content, timeoutMs: TRANSFER_TIMEOUT_MS });
  }

  async #get<T>(
    name: string,
    maxBytes: number,
    take: (parts: AsyncGenerator<Buffer>) => Promise<T>,
  ): Promise<T | null> {
    const ask = { method: 'GET', path: this.#pathOf(name), timeoutMs: TRANSFER_TIMEOUT_MS } as const;
    return await this.#rest.send(ask, async (answer) => {
      if (answer.status === 404) {
        answer.body.destroy();
        return null;
      }
      if (answer.status !== 200) throw await this.#rest.problemOf(ask, answer);
      const limits: ByteLimits = { maxBytes, pauseTimeoutMs: PAUSE_TIMEOUT_MS, length: answer.length };
      return await take(boundedBytes(`${this.#prefix}${name} of ${this.#rest.base}`, answer.body, limits));
    });
  }

  #pathOf(name: string): string {
    return PROXY + keyBelow(this.#prefix, name).split('/').map(encodeURIComponent).join('/');
  }
}
