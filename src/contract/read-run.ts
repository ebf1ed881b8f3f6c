import { Value } from 'typebox/value';
import { FltsError } from './errors.js';
import { type Run, RUN_SCHEMA_VERSION, RunSchema } from './run.js';

function refuse(path: string, text: string, cause?: unknown): FltsError {
  return new FltsError('FLTS_RUN_BUNDLE', `${path} ${text}.`, cause === undefined ? {} : { cause });
}

/** run.json, checked. Throws FLTS_RUN_BUNDLE, or FLTS_BUNDLE_VERSION when a newer version wrote it. */
export function parseRun(text: string, path: string): Run {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse(path, 'is not JSON; it may be cut short', cause);
  }
  const version =
    typeof value === 'object' && value !== null ? (value as { schema_version?: unknown }).schema_version : undefined;
  if (typeof version === 'number' && version > RUN_SCHEMA_VERSION) {
    throw new FltsError(
      'FLTS_BUNDLE_VERSION',
      `${path} has schema version ${version}, newer than ${RUN_SCHEMA_VERSION}, which this version of flts reads.`,
    );
  }
  const [first] = Value.Errors(RunSchema, value);
  if (first !== undefined) {
    const at = first.instancePath === '' ? 'it' : first.instancePath.slice(1).replaceAll('/', '.');
    throw refuse(path, `is not a run of flts: ${at} ${first.message}`);
  }
  return value as Run;
}
