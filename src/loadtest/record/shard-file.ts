import { gunzipSync, gzipSync } from 'node:zlib';
import type { GeneratorResult } from '../generator/generator-pool.js';
import type { RecorderState } from './phase-recorder.js';

export const SHARD_SCHEMA_VERSION = 1;

/** What a shard leaves for `flts merge` beside its bundle. */
export interface ShardFile {
  readonly schema_version: typeof SHARD_SCHEMA_VERSION;
  readonly seed: number;
  /** Zero of this shard's clock, ms since the epoch. */
  readonly epochMs: number;
  readonly requirements: readonly string[];
  readonly phases: readonly {
    readonly state: RecorderState;
    readonly generators: readonly GeneratorResult[];
    readonly problems: readonly string[];
  }[];
}

/** Users of a sharded phase have no number of requests, which JSON cannot say. */
function withoutInfinity(key: string, value: unknown): unknown {
  return key === 'requestsPerUser' && value === Infinity ? null : value;
}

function withInfinity(key: string, value: unknown): unknown {
  return key === 'requestsPerUser' && value === null ? Infinity : value;
}

export function packShard(shard: ShardFile): Buffer {
  return gzipSync(JSON.stringify(shard, withoutInfinity));
}

/** Throws what is wrong with the bytes; a shard of another schema version is an Error that says so. */
export function unpackShard(bytes: Buffer): ShardFile {
  const shard = JSON.parse(gunzipSync(bytes).toString('utf8'), withInfinity) as ShardFile;
  const version: number = shard.schema_version;
  if (version !== SHARD_SCHEMA_VERSION) throw new Error(`it has schema version ${version}`);
  return shard;
}
