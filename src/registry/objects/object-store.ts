/** An object as a listing shows it. */
export interface ObjectInfo {
  /** Within the store: its prefix is taken off. */
  readonly key: string;
  readonly bytes: number;
}

export interface StoredObject {
  readonly body: Uint8Array;
  /** Changes whenever the object does; opaque. */
  readonly etag: string;
  /** Lower-case names, as given to `put`. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface GetOptions {
  /** A larger object is refused, not read. */
  readonly maxBytes: number;
  /** Answers 'unchanged' when the object still has this ETag. */
  readonly unlessEtag?: string;
}

/** A file on this machine as the body of an object: it is streamed, never held whole. */
export interface FileBody {
  readonly path: string;
}

/** `etag`: only while the object has it. `absent`: only while there is no such object. */
export type PutCondition = { readonly etag: string } | { readonly absent: true };

export interface PutOptions {
  /** A server that knows no conditional writes (some do not) writes all the same. */
  readonly onlyIf?: PutCondition;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Where objects are kept by key, as S3 does it. Readers of an object see the old body or the new one, never a part.
 * Keys are relative, `a/b.json`. Every method throws FLTS_SOURCE_DOWN when the store stays down after some tries,
 * FLTS_SOURCE_DENIED without the rights, FLTS_SOURCE_REFUSED for keys and answers that are not accepted.
 */
export interface ObjectStore {
  /** For messages; without credentials. */
  readonly uri: string;
  /** Null when there is no such object. */
  get(key: string, options: GetOptions): Promise<StoredObject | 'unchanged' | null>;
  /** Writes the object to a new file at `path`; false when there is no such object, and then no file either. */
  download(key: string, path: string, maxBytes: number): Promise<boolean>;
  /** Answers the new ETag. Throws FLTS_SOURCE_CONFLICT when `onlyIf` does not hold. */
  put(key: string, body: Uint8Array | string | FileBody, options?: PutOptions): Promise<string>;
  /** Objects whose key begins with `prefix`, at most `max`, in order of their keys. */
  list(prefix: string, max: number): Promise<ObjectInfo[]>;
  /** Nothing happens when there is none. */
  delete(key: string): Promise<void>;
  /** Ends what is under way. */
  close(): void;
}
