import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { FltsError } from '../../contract/index.js';

/** Larger files are neither scalers nor examples. */
const JSON_BYTES_MAX = 64 * 1024 * 1024;

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON file's content. Throws FLTS_IMPORT_INPUT when it is none, or too large. */
export async function readJson(path: string): Promise<unknown> {
  const { size } = await stat(path);
  if (size > JSON_BYTES_MAX)
    throw importInput(basename(path), `it has ${size} bytes; at most ${JSON_BYTES_MAX} are read`);
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw importInput(basename(path), 'it is not JSON', cause);
  }
}

export function importInput(place: string, why: string, cause?: unknown): FltsError {
  return new FltsError('FLTS_IMPORT_INPUT', `${place} cannot be used: ${why}.`, { cause });
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as finite numbers, `length` of them where it is given; null when it is not that. */
export function numbersIn(value: unknown, length?: number): number[] | null {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) return null;
  return value.every((item) => typeof item === 'number' && Number.isFinite(item)) ? (value as number[]) : null;
}
