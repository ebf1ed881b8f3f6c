import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { FltsError } from '../../contract/index.js';
import { SourceGuard } from '../source-guard.js';
import { boundedBytes } from './bounded-bytes.js';
import { keyBelow } from './object-key.js';
import type { FileBody, GetOptions, ObjectInfo, ObjectStore, PutOptions, StoredObject } from './object-store.js';
import { createS3Client, type S3Access } from './s3-client.js';
import { failureOf, s3Error } from './s3-errors.js';
import { parseS3Uri, type S3Location } from './s3-uri.js';
import { writeNewFile } from './write-new-file.js';

/** For a large object: half a gigabyte at less than a megabyte a second is still in time. */
const TRANSFER_TIMEOUT_MS = 600_000;
/** An answer that stands still for so long is given up. */
const PAUSE_TIMEOUT_MS = 15_000;

/** An object store in a bucket of AWS or of any S3-like server, below an optional prefix. Nothing is asked before use. */
export class S3ObjectStore implements ObjectStore {
  readonly uri: string;
  readonly #location: S3Location;
  readonly #access: S3Access;
  readonly #guard: SourceGuard;
  readonly #pauseTimeoutMs: number;
  #client: Promise<S3Client> | null = null;

  /** `uri`: s3://BUCKET[/PREFIX]; throws FLTS_USAGE for anything else. */
  constructor(uri: string, access: S3Access, guard = new SourceGuard(uri), pauseTimeoutMs = PAUSE_TIMEOUT_MS) {
    this.#location = parseS3Uri(uri);
    this.uri = `s3://${this.#location.bucket}/${this.#location.prefix}`.replace(/\/$/, '');
    this.#access = access;
    this.#guard = guard;
    this.#pauseTimeoutMs = pauseTimeoutMs;
  }

  async get(key: string, { maxBytes, unlessEtag }: GetOptions): Promise<StoredObject | 'unchanged' | null> {
    return await this.#run(key, 'cannot be read', async (client, signal) => {
      const answer = await this.#read(client, key, signal, unlessEtag);
      if (answer === null || answer === 'unchanged') return answer;
      const parts: Buffer[] = [];
      for await (const part of this.#bounded(key, answer, maxBytes)) parts.push(part);
      return { body: Buffer.concat(parts), etag: answer.ETag ?? '', metadata: answer.Metadata ?? {} };
    });
  }

  async download(key: string, path: string, maxBytes: number): Promise<boolean> {
    const transfer = async (client: S3Client, signal: AbortSignal): Promise<boolean> => {
      const answer = await this.#read(client, key, signal);
      if (answer === null || answer === 'unchanged') return false;
      await writeNewFile(this.#bounded(key, answer, maxBytes), path, signal);
      return true;
    };
    return await this.#run(key, 'cannot be read', transfer, TRANSFER_TIMEOUT_MS);
  }

  async put(key: string, body: Uint8Array | string | FileBody, options: PutOptions = {}): Promise<string> {
    const { onlyIf, contentType, metadata } = options;
    const isFile = typeof body === 'object' && 'path' in body;
    const length = isFile ? (await stat(body.path)).size : Buffer.byteLength(body);
    const write = async (client: S3Client, signal: AbortSignal, isConditional = true): Promise<string> => {
      const { PutObjectCommand } = await import('@aws-sdk/client-s3');
      const condition =
        onlyIf === undefined || !isConditional
          ? {}
          : 'etag' in onlyIf
            ? { IfMatch: onlyIf.etag }
            : { IfNoneMatch: '*' };
      try {
        const answer = await client.send(
          new PutObjectCommand({
            ...this.#place(key),
            Body: isFile ? createReadStream(body.path) : body,
            ContentLength: length,
            ContentType: contentType ?? 'application/octet-stream',
            ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
            ...condition,
          }),
          { abortSignal: signal },
        );
        return answer.ETag ?? '';
      } catch (error) {
        const { status, name } = failureOf(error);
        if (status === 412 || (onlyIf !== undefined && status === 409)) throw conflict(this.#name(key));
        if (onlyIf !== undefined && 'etag' in onlyIf && status === 404) throw conflict(this.#name(key));
        if (isConditional && onlyIf !== undefined && (status === 501 || name === 'NotImplemented')) {
          return await write(client, signal, false);
        }
        throw error;
      }
    };
    return await this.#run(key, 'cannot be written', (client, signal) => write(client, signal), TRANSFER_TIMEOUT_MS);
  }

  async list(prefix: string, max: number): Promise<ObjectInfo[]> {
    const { bucket, prefix: root } = this.#location;
    const found: ObjectInfo[] = [];
    let token: string | undefined;
    do {
      const page = await this.#run(prefix, 'cannot be listed', async (client, signal) => {
        const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
        const more = token === undefined ? {} : { ContinuationToken: token };
        const query = { Bucket: bucket, Prefix: root + prefix, MaxKeys: Math.min(1000, max - found.length), ...more };
        return await client.send(new ListObjectsV2Command(query), { abortSignal: signal }).catch((error: unknown) => {
          // Some servers take a prefix that nothing has for a missing folder.
          if (failureOf(error).name === 'NoSuchKey') return { Contents: [], NextContinuationToken: undefined };
          throw error;
        });
      });
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        if (Key.startsWith(root + prefix)) found.push({ key: Key.slice(root.length), bytes: Size });
      }
      token = page.NextContinuationToken;
    } while (token !== undefined && found.length < max);
    return found.slice(0, max).sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async delete(key: string): Promise<void> {
    await this.#run(key, 'cannot be removed', async (client, signal) => {
      const { DeleteObjectCommand } = await import('@aws-sdk/client-s3');
      await client.send(new DeleteObjectCommand(this.#place(key)), { abortSignal: signal });
    });
  }

  close(): void {
    this.#guard.close();
    // A client that could not be made has nothing to close; who asked for it was told.
    void this.#client?.then(
      (client) => {
        client.destroy();
      },
      () => undefined,
    );
  }

  async #read(
    client: S3Client,
    key: string,
    signal: AbortSignal,
    unlessEtag?: string,
  ): Promise<GetObjectCommandOutput | 'unchanged' | null> {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3');
    const condition = unlessEtag === undefined ? {} : { IfNoneMatch: unlessEtag };
    try {
      return await client.send(new GetObjectCommand({ ...this.#place(key), ...condition }), { abortSignal: signal });
    } catch (error) {
      const { status, name } = failureOf(error);
      if (status === 304) return 'unchanged';
      if (status === 404 && name !== 'NoSuchBucket') return null;
      throw error;
    }
  }

  #bounded(key: string, { Body, ContentLength }: GetObjectCommandOutput, maxBytes: number): AsyncGenerator<Buffer> {
    const limits = { maxBytes, pauseTimeoutMs: this.#pauseTimeoutMs, length: ContentLength ?? null };
    return boundedBytes(this.#name(key), Body as Readable, limits);
  }

  async #run<T>(
    key: string,
    problem: string,
    ask: (client: S3Client, signal: AbortSignal) => Promise<T>,
    timeoutMs?: number,
  ): Promise<T> {
    // A client that could not be made is tried again: a setting may be mended in place.
    this.#client ??= createS3Client(this.#access).catch((error: unknown) => {
      this.#client = null;
      throw error;
    });
    const client = await this.#client;
    return await this.#guard.run(async (signal) => {
      try {
        return await ask(client, signal);
      } catch (error) {
        throw s3Error(`${this.#name(key)} ${problem}`, error);
      }
    }, timeoutMs);
  }

  #place(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#location.bucket, Key: keyBelow(this.#location.prefix, key) };
  }

  #name(key: string): string {
    return `${this.uri}/${key}`;
  }
}

function conflict(name: string): FltsError {
  return new FltsError('FLTS_SOURCE_CONFLICT', `${name} was changed by somebody else at the same time.`);
}
