import { FltsError } from '../contract/index.js';
import { LocalDirRegistry } from './local-dir.js';
import type { ModelRegistry } from './model-registry.js';

/** The registry of a URI: `dir:PATH`, or a PATH alone. Nothing is read or made yet. Throws FLTS_USAGE for others. */
export function openRegistry(uri: string): ModelRegistry {
  if (uri.startsWith('dir:') && uri.length > 4) return new LocalDirRegistry(uri, uri.slice(4));
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(uri)?.[1];
  if (scheme !== undefined || uri === '') {
    throw new FltsError('FLTS_USAGE', `The registry '${uri}' is not of a kind that this flts knows.`, {
      remedy: 'Give a folder: PATH or dir:PATH.',
    });
  }
  return new LocalDirRegistry(uri, uri);
}
