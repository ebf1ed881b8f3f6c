import type { Bundle } from '../../src/contract/index.js';
import { parseTimestampMs, TIME_FEATURES, writeTimeFeatures } from '../../src/domain/forecast/index.js';

/** The window [rows, features] of a request as the service makes it, for models that others run. */
export function requestWindow(
  { features }: Pick<Bundle, 'features'>,
  data: Readonly<Record<string, readonly (string | number)[]>>,
): number[][] {
  return data['ts']!.map((ts, row) => {
    const times = new Float64Array(TIME_FEATURES.length);
    writeTimeFeatures(parseTimestampMs(String(ts)), times, 0);
    const own: readonly string[] = TIME_FEATURES;
    return features.map((name) => (own.includes(name) ? times[own.indexOf(name)]! : Number(data[name]![row])));
  });
}
