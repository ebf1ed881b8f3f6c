import { Value } from 'typebox/value';
import { BUNDLE_SCHEMA_VERSION, type Bundle, BundleSchema, type Pointer, PointerSchema } from './bundle.js';
import { FltsError } from './errors.js';

/** As many schema violations as an error message names. */
const PROBLEMS_NAMED = 3;

/**
 * A parsed `bundle.json` as a Bundle. Throws FLTS_BUNDLE_VERSION for a file of a newer version, FLTS_BUNDLE_CORRUPT
 * for anything else that does not fit the schema or itself; `place` says in the message which file it was.
 */
export function readBundle(value: unknown, place: string): Bundle {
  const version = schemaVersionOf(value);
  if (typeof version === 'number' && version > BUNDLE_SCHEMA_VERSION) {
    throw new FltsError(
      'FLTS_BUNDLE_VERSION',
      `${place} has schema version ${version}; this flts reads up to ${BUNDLE_SCHEMA_VERSION}.`,
    );
  }
  if (!Value.Check(BundleSchema, value)) throw corrupt(place, problemsOf(BundleSchema, value));
  rejectUnequalSizes(value, place);
  return value;
}

/** A parsed `current.json` as a Pointer. Throws FLTS_BUNDLE_CORRUPT when it is none. */
export function readPointerFile(value: unknown, place: string): Pointer {
  if (!Value.Check(PointerSchema, value)) throw corrupt(place, problemsOf(PointerSchema, value));
  return value;
}

function schemaVersionOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['schema_version'] : undefined;
}

function problemsOf(schema: typeof BundleSchema | typeof PointerSchema, value: unknown): string {
  const problems = [...Value.Errors(schema, value)].map(
    (error) => `${error.instancePath === '' ? 'it' : error.instancePath} ${error.message}`,
  );
  const rest = problems.length - PROBLEMS_NAMED;
  return problems.slice(0, PROBLEMS_NAMED).join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}

/** What the schema cannot say: lists that go together have the same length. */
function rejectUnequalSizes(bundle: Bundle, place: string): void {
  const targets = bundle.targets.length;
  const lengths: [string, number, number][] = [
    ['target_std', bundle.target_std.length, targets],
    ['target_range.min', bundle.target_range?.min.length ?? targets, targets],
    ['target_range.max', bundle.target_range?.max.length ?? targets, targets],
    ['residuals.log_offset', bundle.residuals.log_offset.length, targets],
    ['golden.window', bundle.golden.window.length, bundle.lookback],
    ['golden.forecast', bundle.golden.forecast.length, bundle.steps],
    ...bundle.golden.window.map((row, i): [string, number, number] => [
      `golden.window row ${i + 1}`,
      row.length,
      bundle.features.length,
    ]),
    ...bundle.golden.forecast.map((row, i): [string, number, number] => [
      `golden.forecast row ${i + 1}`,
      row.length,
      targets,
    ]),
  ];
  const wrong = lengths.find(([, actual, expected]) => actual !== expected);
  if (wrong !== undefined) throw corrupt(place, `${wrong[0]} has ${wrong[1]} entries, expected ${wrong[2]}`);
}

function corrupt(place: string, why: string): FltsError {
  return new FltsError('FLTS_BUNDLE_CORRUPT', `${place} is damaged: ${why}.`);
}
