import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Bundle, FltsError, readBundle } from '../contract/index.js';
import type { RegistryEntry } from './model-registry.js';

export const POINTER_FILE = 'current.json';
export const MODELS_FOLDER = 'models';
/** Larger files than these are no bundle of ours, and are not read into memory. */
export const JSON_BYTES_MAX = 64 * 1024 * 1024;
export const MODEL_BYTES_MAX = 2 * 1024 * 1024 * 1024;

const RUN_ID = /^[0-9a-f]{32}$/;

/** Answers it. Throws FLTS_NO_MODEL for what is not of a run id's form, so that it can be part of a path. */
export function checkedRunId(runId: string): string {
  if (isRunId(runId)) return runId;
  throw new FltsError('FLTS_NO_MODEL', `'${runId.slice(0, 64)}' is not a run id: those are 32 hexadecimal digits.`);
}

export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** The text of `bundle.json` for a bundle; what digests of it are over. */
export function bundleText(bundle: Bundle): string {
  return `${JSON.stringify(bundle)}\n`;
}

/** The bundle of a run from its text. Throws FLTS_BUNDLE_CORRUPT or FLTS_BUNDLE_VERSION; `place` names it in the message. */
export function bundleOfText(text: string, runId: string, place: string): Bundle {
  const bundle = readBundle(parseJson(text, place), place);
  if (bundle.run_id === runId) return bundle;
  throw new FltsError('FLTS_BUNDLE_CORRUPT', `${place} says that it is of run ${bundle.run_id}.`);
}

export function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FltsError('FLTS_BUNDLE_CORRUPT', `${place} is damaged: it is not JSON.`, { cause });
  }
}

/** Throws FLTS_BUNDLE_CORRUPT unless the model at `path` is the one that the bundle was made with; `place` names it. */
export async function checkModelDigest(bundle: Bundle, path: string, place = path): Promise<void> {
  const digest = await digestOfFile(path);
  if (digest === bundle.model_sha256) return;
  throw new FltsError(
    'FLTS_BUNDLE_CORRUPT',
    `${place} has the digest ${digest.slice(0, 12)}…, its bundle says ${bundle.model_sha256.slice(0, 12)}….`,
  );
}

/** SHA-256 of the file in hex. Throws FLTS_BUNDLE_CORRUPT when it is missing or larger than any model. */
async function digestOfFile(path: string): Promise<string> {
  const entry = await stat(path).catch(nothingThere(null));
  if (entry === null) throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path} is missing.`);
  if (entry.size > MODEL_BYTES_MAX) throw new FltsError('FLTS_BUNDLE_CORRUPT', `${path} is too large for a model.`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** SHA-256 in hex. */
export function digestOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What a failed look-up means when the entry is simply not there; any other failure is passed on. */
export function nothingThere<T>(value: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value;
    throw error;
  };
}

export function cannotWrite(path: string, error: unknown): FltsError {
  if (error instanceof FltsError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const why: Record<string, string> = {
    ENOSPC: 'the disk is full',
    EDQUOT: 'the disk quota is used up',
    EACCES: 'there is no right to write there',
    EPERM: 'there is no right to write there',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'it is there already',
    ENOTEMPTY: 'it is there already',
  };
  return new FltsError('FLTS_CANNOT_WRITE', `Cannot write ${path}: ${why[code ?? ''] ?? message}.`, { cause: error });
}

/** For sorting. Of versions made together, the ensemble goes before its members. */
export function newestFirst(a: RegistryEntry, b: RegistryEntry): number {
  const order = compareText(b.bundle?.created ?? '', a.bundle?.created ?? '');
  return order !== 0 ? order : (b.bundle?.members?.length ?? 0) - (a.bundle?.members?.length ?? 0);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** An entry of a listing: the bundle, or what is wrong with it. Failures that are not the bundle's are passed on. */
export async function readForList(read: () => Promise<Bundle>): Promise<Pick<RegistryEntry, 'bundle' | 'problem'>> {
  try {
    return { bundle: await read(), problem: null };
  } catch (error) {
    if (error instanceof FltsError && !error.code.startsWith('FLTS_SOURCE_')) {
      return { bundle: null, problem: error.message };
    }
    throw error;
  }
}
