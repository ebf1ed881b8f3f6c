import { existsSync, readFileSync } from 'node:fs';
import {
  type FileEntry,
  FltsError,
  type ResolvedSettings,
  resolveSettings,
  type SettingsSources,
} from '../../contract/index.js';

/** Read when it is there and --config names no other. */
export const DEFAULT_SETTINGS_FILE = 'flts.yaml';

/** The settings in force, from flags, environment and flts.yaml. Throws FLTS_SETTINGS or FLTS_FILE_NOT_FOUND. */
export async function loadSettings(
  flags: SettingsSources['flags'],
  env: NodeJS.ProcessEnv,
  configPath: string | undefined,
): Promise<ResolvedSettings> {
  const path = configPath ?? DEFAULT_SETTINGS_FILE;
  if (configPath === undefined && !existsSync(path)) return resolveSettings({ flags, env, file: null });
  if (!existsSync(path)) throw new FltsError('FLTS_FILE_NOT_FOUND', `The settings file ${path} does not exist.`);
  const entries = await parseSettingsFile(readFileSync(path, 'utf8'), path);
  return resolveSettings({ flags, env, file: { path, entries } });
}

/** The `key: value` pairs of a settings file with their lines. Throws FLTS_SETTINGS with the line of what is wrong. */
export async function parseSettingsFile(text: string, path: string): Promise<FileEntry[]> {
  const { isMap, isScalar, LineCounter, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    throw new FltsError('FLTS_SETTINGS', `${path}:${line} is not YAML: ${error.message}.`);
  }
  const root = document.contents;
  if (root === null) return [];
  if (!isMap(root)) throw new FltsError('FLTS_SETTINGS', `${path} must be a list of 'name: value' lines.`);
  return root.items.map((pair) => {
    const key = isScalar(pair.key) ? pair.key : null;
    const line = key?.range ? lines.linePos(key.range[0]).line : 1;
    const value: unknown = isScalar(pair.value) || pair.value === null ? (pair.value?.value ?? null) : pair.value;
    return { key: String(key?.value), value, line };
  });
}
