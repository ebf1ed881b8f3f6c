import { FltsError } from './errors.js';
import {
  envNamesOf,
  fileKeyOf,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type Setting,
  type SettingName,
  type Settings,
} from './settings.js';

/** One `key: value` of flts.yaml and the line it stands on. */
export interface FileEntry {
  readonly key: string;
  readonly value: unknown;
  readonly line: number;
}

export interface SettingsSources {
  /** Flags that were given, by setting. */
  readonly flags: Partial<Record<SettingName, string | boolean>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: { readonly path: string; readonly entries: readonly FileEntry[] } | null;
}

export interface ResolvedSettings {
  readonly settings: Settings;
  /** Where each value came from, for people: `flag --port`, `environment FLTS_PORT`, `flts.yaml:3`, `default`. */
  readonly origins: Readonly<Record<SettingName, string>>;
}

/**
 * The settings in force: flags go before the environment, that before flts.yaml, that before the defaults.
 * Throws FLTS_SETTINGS that names every unknown key and bad value with its place.
 */
export function resolveSettings(sources: SettingsSources): ResolvedSettings {
  const problems: string[] = [];
  const fileValues = readFileEntries(sources.file, problems);
  const settings: Partial<Record<SettingName, number | boolean | string>> = {};
  const origins: Partial<Record<SettingName, string>> = {};
  for (const name of SETTING_NAMES) {
    const found = find(name, sources, fileValues);
    if (found === null) {
      settings[name] = SETTINGS[name].default;
      origins[name] = 'default';
      continue;
    }
    const value = parseValue(SETTINGS[name], found.value);
    if (value instanceof BadValue) problems.push(`${found.origin}: ${value.expected}`);
    else settings[name] = value;
    origins[name] = found.origin;
  }
  // An over-long series could never be admitted, whatever the load.
  if (Number(settings.maxSeries) > Number(settings.maxQueueLength)) {
    problems.push(`max_series (${origins.maxSeries ?? ''}) must not exceed max_queue_length`);
  }
  if (problems.length > 0) {
    throw new FltsError('FLTS_SETTINGS', `Settings cannot be used: ${problems.join('; ')}.`, { details: { problems } });
  }
  return { settings: settings as Settings, origins: origins as Record<SettingName, string> };
}

interface Found {
  readonly value: unknown;
  readonly origin: string;
}

function find(name: SettingName, sources: SettingsSources, fileValues: Map<string, Found>): Found | null {
  const flag = sources.flags[name];
  if (flag !== undefined) return { value: flag, origin: `flag ${flagOf(name)}` };
  for (const envName of envNamesOf(name)) {
    const value = sources.env[envName];
    if (value !== undefined && value !== '') return { value, origin: `environment ${envName}` };
  }
  return fileValues.get(fileKeyOf(name)) ?? null;
}

function readFileEntries(file: SettingsSources['file'], problems: string[]): Map<string, Found> {
  const values = new Map<string, Found>();
  if (file === null) return values;
  const known = new Set(SETTING_NAMES.map(fileKeyOf));
  for (const entry of file.entries) {
    const place = `${file.path}:${entry.line}`;
    if (!known.has(entry.key)) problems.push(`${place}: '${entry.key}' is not a setting`);
    else if (values.has(entry.key)) problems.push(`${place}: '${entry.key}' is given twice`);
    // A key without a value leaves the default in force, so that a commented template stays legal.
    else if (entry.value !== null) values.set(entry.key, { value: entry.value, origin: place });
  }
  return values;
}

class BadValue {
  readonly expected: string;
  constructor(expected: string) {
    this.expected = expected;
  }
}

const TRUE_WORDS = new Set(['1', 'true', 'yes', 'on']);
const FALSE_WORDS = new Set(['0', 'false', 'no', 'off']);

function parseValue(spec: Setting, raw: unknown): number | boolean | string | BadValue {
  const text =
    typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' ? String(raw).trim() : null;
  const shown = spec.kind === 'secret' ? 'the value' : JSON.stringify(raw);
  if (text === null) return new BadValue(`${shown} is not a single value`);
  if (spec.kind === 'integer') {
    if (text === spec.word?.text) return spec.word.value;
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= spec.min && value <= spec.max) return value;
    const word = spec.word === undefined ? '' : `, nor '${spec.word.text}'`;
    return new BadValue(`${shown} is not an integer from ${spec.min} to ${spec.max}${word}`);
  }
  if (spec.kind === 'boolean') {
    if (TRUE_WORDS.has(text.toLowerCase())) return true;
    if (FALSE_WORDS.has(text.toLowerCase())) return false;
    return new BadValue(`${shown} is neither true nor false`);
  }
  if (spec.oneOf !== undefined && !spec.oneOf.includes(text)) {
    return new BadValue(`${shown} is none of ${spec.oneOf.join(', ')}`);
  }
  return text;
}

/** A commented flts.yaml with every setting at its default. */
export function settingsTemplate(): string {
  const lines = ['# Settings of `flts serve`. Flags and environment variables go before this file.', ''];
  for (const name of SETTING_NAMES) {
    const spec: Setting = SETTINGS[name];
    const word = spec.kind === 'integer' && spec.word !== undefined ? `, or ${spec.word.text}` : '';
    const range = spec.kind === 'integer' ? ` (${spec.min} to ${spec.max}${word})` : '';
    lines.push(`# ${spec.description}${range}`, `# Environment: ${envNamesOf(name).join(', ')}`);
    lines.push(`# ${fileKeyOf(name)}: ${spec.default === '' ? '""' : String(spec.default)}`, '');
  }
  return lines.join('\n');
}
