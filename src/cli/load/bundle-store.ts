import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FltsError, HISTOGRAMS_FILE, RUN_FILE, SAMPLES_FILE, SERVER_FILE, SHARD_FILE } from '../../contract/index.js';
import type { ObjectStore } from '../../registry/index.js';
import type { Cli } from '../cli.js';

/** What a bundle consists of, beside its reports; run.json says that the others are there. */
const BUNDLE_FILES = [HISTOGRAMS_FILE, SAMPLES_FILE, SERVER_FILE, SHARD_FILE, RUN_FILE];
/** No file of a bundle comes near it. */
const FILE_BYTES_MAX = 4 * 1024 ** 3;
/** Objects below a place that are looked through for bundles. */
const OBJECTS_MAX = 100_000;
const WRITE_PROBE = '.write-probe';

export function isOnS3(place: string): boolean {
  return place.startsWith('s3://');
}

/** Where a shard's bundle goes below the place that all shards are given. */
export function shardPlace(place: string, index: number): string {
  return `${place.replace(/\/$/, '')}/shard-${index}`;
}

/** A store for bundles, reached as registries on S3 are. Throws FLTS_USAGE for what is no place on S3, FLTS_SETTINGS. */
export async function openBundleStore(cli: Cli, uri: string): Promise<ObjectStore> {
  const [{ S3ObjectStore }, { loadSettings }, { registryAccess }] = await Promise.all([
    import('../../registry/index.js'),
    import('../service/load-settings.js'),
    import('../service/registry-access.js'),
  ]);
  const { settings } = await loadSettings({}, cli.env, undefined);
  return new S3ObjectStore(uri, registryAccess(settings, false).s3);
}

/**
 * Before a long run is spent on it: takes away the run.json of an earlier bundle at this place, so that nobody takes
 * that for this one, and proves that the place can be written to. Throws FLTS_SOURCE_*.
 */
export async function prepareBundleStore(store: ObjectStore): Promise<void> {
  await store.put(WRITE_PROBE, '');
  await store.delete(WRITE_PROBE);
  await store.delete(RUN_FILE);
}

/** Copies a bundle and its reports; run.json goes last, so that a place with it is complete. Throws FLTS_SOURCE_*. */
export async function uploadBundle(folder: string, store: ObjectStore): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  const reports = names.filter((name) => name.startsWith('report.'));
  const bundle = BUNDLE_FILES.filter((name) => name !== RUN_FILE && names.includes(name));
  try {
    for (const name of [...bundle, ...reports, RUN_FILE]) await store.put(name, { path: join(folder, name) });
  } catch (error) {
    if (!(error instanceof FltsError)) throw error;
    throw new FltsError(error.code, `${error.message} The bundle itself is whole, in ${folder}.`, {
      remedy: `${error.remedy} Then copy ${folder} there, run.json last.`,
      cause: error,
    });
  }
}

/** A bundle that was fetched, and what messages call it. */
interface Fetched {
  readonly folder: string;
  readonly place: string;
}

/** Fetches every complete bundle below a place into folders of `into`. Throws FLTS_RUN_BUNDLE when there is none. */
async function fetchBundles(store: ObjectStore, into: string): Promise<Fetched[]> {
  const keys = (await store.list('', OBJECTS_MAX)).map(({ key }) => key);
  const places = keys.filter((key) => key === RUN_FILE || key.endsWith(`/${RUN_FILE}`)).map((key) => dirname(key));
  if (places.length === 0) {
    throw new FltsError('FLTS_RUN_BUNDLE', `Below ${store.uri} there is no complete run bundle: no ${RUN_FILE}.`, {
      remedy: 'Check the place; a shard that still runs, or has failed, has none yet.',
    });
  }
  const fetched: Fetched[] = [];
  for (const place of places) {
    const folder = join(into, String(fetched.length));
    await mkdir(folder);
    const prefix = place === '.' ? '' : `${place}/`;
    for (const name of BUNDLE_FILES) await store.download(`${prefix}${name}`, join(folder, name), FILE_BYTES_MAX);
    fetched.push({ folder, place: place === '.' ? store.uri : `${store.uri}/${place}` });
  }
  return fetched;
}

/**
 * Hands `use` the folders of all bundles that `places` name: folders as they are, and of every place on S3 all complete
 * bundles below it, in a temporary folder that goes afterwards. Throws FLTS_SOURCE_*, FLTS_RUN_BUNDLE, FLTS_CANNOT_WRITE.
 */
export async function withBundles<T>(
  cli: Cli,
  places: readonly string[],
  use: (folders: readonly string[], placeOf: (folder: string) => string) => Promise<T>,
): Promise<T> {
  const temporary = await mkdtemp(join(tmpdir(), 'flts-merge-'));
  const called = new Map<string, string>();
  try {
    const folders: string[] = [];
    for (const [i, place] of places.entries()) {
      if (!isOnS3(place)) {
        folders.push(place);
        continue;
      }
      const store = await openBundleStore(cli, place);
      try {
        const into = join(temporary, String(i));
        await mkdir(into);
        for (const one of await fetchBundles(store, into)) {
          called.set(one.folder, one.place);
          folders.push(one.folder);
        }
      } finally {
        store.close();
      }
    }
    return await use(folders, (folder) => called.get(folder) ?? folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
