import { FltsError } from '../../contract/index.js';

const KEY_BYTES_MAX = 1024;

/** Whether a relative path of `/`-separated names stays below its root on every file system and every object store. */
export function isPlainPath(path: string): boolean {
  if (path === '' || Buffer.byteLength(path) > KEY_BYTES_MAX) return false;
  if (/[\u0000-\u001f\u007f\\:]/.test(path)) return false;
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}

/** The key below a store's prefix. Throws FLTS_SOURCE_REFUSED for one that could lead elsewhere. */
export function keyBelow(prefix: string, key: string): string {
  if (!isPlainPath(key)) {
    throw new FltsError(
      'FLTS_SOURCE_REFUSED',
      `${JSON.stringify(key.slice(0, 200))} is not accepted as the name of an object.`,
    );
  }
  return prefix + key;
}
