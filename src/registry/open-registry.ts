import { homedir } from 'node:os';
import { join } from 'node:path';
import { FltsError } from '../contract/index.js';
import { ArtifactCache } from './cache/artifact-cache.js';
import { LocalDirRegistry } from './local-dir.js';
import { type MlflowAccess, MlflowRest } from './mlflow/mlflow-rest.js';
import { MlflowVersions } from './mlflow/mlflow-versions.js';
import type { ModelRegistry } from './model-registry.js';
import type { S3Access } from './objects/s3-client.js';
import { S3ObjectStore } from './objects/s3-object-store.js';
import { RemoteRegistry } from './remote/remote-registry.js';
import { S3Versions } from './remote/s3-versions.js';

/** How remote sources are reached, and where their models are kept on this machine. */
export interface RegistryAccess {
  readonly s3: S3Access;
  readonly mlflow: MlflowAccess;
  readonly cache: {
    /** Empty: flts/models in the user's cache folder. */
    readonly folder: string;
    readonly maxBytes: number;
    /** True for a service: what it fetched is in use for as long as it lives. */
    readonly holds: boolean;
  };
}

const NO_ACCESS: RegistryAccess = {
  s3: { endpointUrl: '', region: '' },
  mlflow: { trackingUri: '', username: '', password: '', token: '' },
  cache: { folder: '', maxBytes: 4 * 1024 ** 3, holds: false },
};

/**
 * The registry of a URI: `dir:PATH` or a PATH alone, `s3://BUCKET/PREFIX`, `mlflow:models:/NAME@ALIAS` (also without
 * `mlflow:`). Nothing is read or made yet. Throws FLTS_USAGE for others, FLTS_SETTINGS when MLflow's address is missing.
 */
export function openRegistry(uri: string, access: RegistryAccess = NO_ACCESS): ModelRegistry {
  if (uri.startsWith('dir:') && uri.length > 4) return new LocalDirRegistry(uri, uri.slice(4));
  if (uri.startsWith('s3://')) {
    const objects = new S3ObjectStore(uri, access.s3);
    return new RemoteRegistry(new S3Versions(objects, access.s3.endpointUrl), cacheOf(access));
  }
  if (/^(mlflow:|models:\/|runs:\/)/.test(uri)) {
    const rest = new MlflowRest(access.mlflow);
    return new RemoteRegistry(new MlflowVersions(uri, rest, access.s3), cacheOf(access));
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(uri)?.[1];
  if (scheme !== undefined || uri === '') {
    throw new FltsError('FLTS_USAGE', `The registry '${uri}' is not of a kind that this flts knows.`, {
      remedy: 'Give a folder (PATH or dir:PATH), s3://BUCKET/PREFIX, or mlflow:models:/NAME@ALIAS.',
    });
  }
  return new LocalDirRegistry(uri, uri);
}

function cacheOf({ cache }: RegistryAccess): ArtifactCache {
  const folder = cache.folder === '' ? defaultCacheFolder() : cache.folder;
  return new ArtifactCache({ ...cache, folder, nowMs: Date.now });
}

function defaultCacheFolder(): string {
  const xdg = process.env['XDG_CACHE_HOME'];
  return join(xdg === undefined || xdg === '' ? join(homedir(), '.cache') : xdg, 'flts', 'models');
}
