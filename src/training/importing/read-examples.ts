import { parseTimestampMs, TIME_FEATURES, writeTimeFeatures } from '../../domain/forecast/index.js';
import { importInput, isObject, numbersIn } from './read-json.js';

/** What the foreign model was asked and answered, raw units, columns in its own order. */
export interface Example {
  /** [lookback][features] */
  readonly window: readonly (readonly number[])[];
  /** [steps][targets] */
  readonly forecast: readonly (readonly number[])[];
  /** Instants of the window's rows, ms; null where the example has none. */
  readonly timesMs: readonly number[] | null;
}

/** More examples prove nothing more. */
const EXAMPLES_MAX = 1000;
/** Time features of float32 models differ by their rounding, not by more. */
const TIME_TOLERANCE = 1e-4;
const FLOAT32_MAX = 3.4028234663852886e38;

/**
 * `{"window": [[…], …], "forecast": [[…], …], "ts": ["2018-02-05 23:40:00", …]?}`, or a list of such objects, all of
 * one shape. Where `ts` is there, it ascends, and the time features of the window must be those of the timestamps.
 * Throws FLTS_IMPORT_INPUT that names the example and what is wrong.
 */
export function readExamples(
  value: unknown,
  place: string,
  features: readonly string[],
  targets: readonly string[],
): readonly [Example, ...Example[]] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > EXAMPLES_MAX)
    throw importInput(place, `it has ${list.length} examples; at most ${EXAMPLES_MAX} are read`);
  const [first, ...others] = list.map((entry, i) => {
    const at = `${place}, example ${i + 1}`;
    if (!isObject(entry)) throw importInput(at, 'it is not an object with window and forecast');
    const window = readRows(entry['window'], at, 'window', features);
    const forecast = readRows(entry['forecast'], at, 'forecast', targets);
    const timesMs = entry['ts'] === undefined ? null : readTimes(entry['ts'], at, window.length);
    if (timesMs !== null) checkTimeFeatures(window, timesMs, features, at);
    return { window, forecast, timesMs };
  });
  if (first === undefined) throw importInput(place, 'it has no example');
  others.forEach(({ window, forecast }, i) => {
    if (window.length === first.window.length && forecast.length === first.forecast.length) return;
    throw importInput(
      `${place}, example ${i + 2}`,
      `it has ${window.length} rows and ${forecast.length} steps, example 1 has ${first.window.length} and ${first.forecast.length}`,
    );
  });
  return [first, ...others];
}

function readRows(value: unknown, place: string, key: string, columns: readonly string[]): number[][] {
  const shape = `'${key}' must be a list of rows of ${columns.length} numbers (${columns.join(', ')})`;
  if (!Array.isArray(value) || value.length === 0) throw importInput(place, shape);
  return value.map((row: unknown, i) => {
    const numbers = numbersIn(row, columns.length);
    if (numbers === null) throw importInput(place, `${shape}; row ${i + 1} is not`);
    const large = numbers.findIndex((number) => Math.abs(number) > FLOAT32_MAX);
    if (large >= 0) throw importInput(place, `'${columns[large] ?? ''}' in row ${i + 1} of '${key}' is beyond float32`);
    return numbers;
  });
}

function readTimes(value: unknown, place: string, rows: number): number[] {
  if (!Array.isArray(value) || value.length !== rows) {
    throw importInput(place, `'ts' must be a list of ${rows} timestamps, one for each row of the window`);
  }
  const times = value.map((text) => (typeof text === 'string' ? parseTimestampMs(text) : Number.NaN));
  const bad = times.findIndex((time) => Number.isNaN(time));
  if (bad >= 0) throw importInput(place, `'ts' has an unreadable timestamp in row ${bad + 1}`);
  const late = times.findIndex((time, i) => i > 0 && time <= (times[i - 1] ?? 0));
  if (late >= 0) throw importInput(place, `'ts' goes back in time, or stands still, in row ${late + 1}`);
  return times;
}

function checkTimeFeatures(
  window: readonly (readonly number[])[],
  timesMs: readonly number[],
  features: readonly string[],
  place: string,
): void {
  const own = new Float64Array(TIME_FEATURES.length);
  window.forEach((row, i) => {
    writeTimeFeatures(timesMs[i] ?? 0, own, 0);
    TIME_FEATURES.forEach((name, k) => {
      const given = row[features.indexOf(name)];
      const expected = own[k] ?? 0;
      if (given === undefined || Math.abs(given - expected) <= TIME_TOLERANCE) return;
      throw importInput(
        place,
        `'${name}' in row ${i + 1} is ${given}; the service computes ${expected} from its timestamp`,
      );
    });
  });
}
