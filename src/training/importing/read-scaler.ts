import { importInput, isObject, type JsonObject, numbersIn } from './read-json.js';

/** z = (x − center) / scale, x = z · scale + center: what min-max and standard scaling both are. */
export interface Affine {
  readonly center: number;
  readonly scale: number;
  /** Standard deviation in training, raw units, where the scaler knows it. */
  readonly std: number | null;
}

/** Scales of the foreign model's inputs and outputs, in the order of its features and targets. */
export interface Scaler {
  readonly features: readonly Affine[];
  readonly targets: readonly Affine[];
}

const RAW: Affine = { center: 0, scale: 1, std: null };

/** A model that takes and gives raw units, such as a pipeline that holds its scaler. */
export function noScaler(features: readonly string[], targets: readonly string[]): Scaler {
  return { features: features.map(() => RAW), targets: targets.map(() => RAW) };
}

/**
 * A scaler file: one scale set for features and targets of the same names, or `{"features": SET, "targets": SET}`
 * (a part that is left out is raw). A set is `{"down": {"kind": "standard", "mean", "std"}, "up": {"kind": "min-max",
 * "min", "max", "range"?}, "x": {"kind": "none"}}`, or the attributes of scikit-learn's StandardScaler (`mean_`,
 * `scale_`) or MinMaxScaler (`data_min_`, `data_max_`, `feature_range`; or `min_`, `scale_`), with
 * `feature_names_in_` or in the order of the features or targets. Names in `optional` (time features) may be missing:
 * raw. A column without spread counts as spread 1, as in scikit-learn; no scale is beyond float32, no standard
 * deviation negative. Throws FLTS_IMPORT_INPUT with the place.
 */
export function readScaler(
  value: unknown,
  place: string,
  features: readonly string[],
  targets: readonly string[],
  optional: readonly string[],
): Scaler {
  if (!isObject(value)) throw importInput(place, 'it is not a JSON object');
  const parts = isObject(value['features']) || isObject(value['targets']);
  if (!parts) {
    const known = readSet(value, place, features);
    return { features: pick(known, features, place, optional), targets: pick(known, targets, place, []) };
  }
  const side = (name: 'features' | 'targets', wanted: readonly string[], mayMiss: readonly string[]): Affine[] => {
    const set = value[name];
    if (set === undefined || set === null) return wanted.map(() => RAW);
    const at = `${place}, ${name}`;
    if (!isObject(set)) throw importInput(at, 'it is not a JSON object');
    return pick(readSet(set, at, wanted), wanted, at, mayMiss);
  };
  return { features: side('features', features, optional), targets: side('targets', targets, []) };
}

function pick(
  known: ReadonlyMap<string, Affine>,
  wanted: readonly string[],
  place: string,
  optional: readonly string[],
): Affine[] {
  return wanted.map((name) => {
    const found = known.get(name) ?? (optional.includes(name) ? RAW : undefined);
    if (found === undefined) {
      throw importInput(place, `it has no scale of '${name}'; write {"kind": "none"} for a column that is not scaled`);
    }
    // The graph holds them as float32.
    if (!Number.isFinite(Math.fround(found.center)) || !isFloat32Scale(found.scale)) {
      throw importInput(place, `the scale of '${name}' is beyond float32`);
    }
    if (found.std !== null && found.std < 0) {
      throw importInput(place, `the std of '${name}' is ${found.std}: it must not be negative`);
    }
    return found;
  });
}

function isFloat32Scale(scale: number): boolean {
  const rounded = Math.fround(scale);
  return Number.isFinite(rounded) && rounded !== 0;
}

function readSet(set: JsonObject, place: string, order: readonly string[]): Map<string, Affine> {
  if (numbersIn(set['scale_']) !== null || numbersIn(set['data_min_']) !== null) {
    return readScikitLearn(set, place, order);
  }
  return new Map(
    Object.entries(set).map(([name, entry]) => {
      if (!isObject(entry)) throw importInput(place, `the scale of '${name}' is not an object with a kind`);
      return [name, readEntry(entry, place, name)];
    }),
  );
}

function readEntry(entry: JsonObject, place: string, name: string): Affine {
  const number = (key: string): number => {
    const value = entry[key];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw importInput(place, `the scale of '${name}' needs a number '${key}'`);
  };
  switch (entry['kind']) {
    case 'none':
      return RAW;
    case 'standard':
      return standard(number('mean'), number('std'));
    case 'min-max': {
      const range = entry['range'] === undefined ? [0, 1] : numbersIn(entry['range'], 2);
      if (range === null) throw importInput(place, `the range of '${name}' is not two numbers`);
      return minMax(number('min'), number('max'), range, place);
    }
    default:
      throw importInput(place, `the kind of '${name}' is not "standard", "min-max" or "none"`);
  }
}

/** What `StandardScaler` and `MinMaxScaler` of scikit-learn hold after `fit`. */
function readScikitLearn(set: JsonObject, place: string, order: readonly string[]): Map<string, Affine> {
  const named = set['feature_names_in_'];
  const names = Array.isArray(named) ? named.map(String) : order;
  const list = (key: string): number[] => {
    const numbers = numbersIn(set[key], names.length);
    if (numbers !== null) return numbers;
    throw importInput(place, `${key} is not a list of ${names.length} numbers, one for each of ${names.join(', ')}`);
  };
  if (set['clip'] === true) throw importInput(place, 'a scaler that clips (clip=True) is not supported');
  const isMinMax = set['data_min_'] !== undefined || set['min_'] !== undefined;
  if (!isMinMax) {
    const [means, scales] = [(set['mean_'] ?? null) === null ? names.map(() => 0) : list('mean_'), list('scale_')];
    return byName(names, (i) => standard(means[i] ?? 0, scales[i] ?? 1));
  }
  if (set['data_min_'] !== undefined) {
    const [low, high] = [list('data_min_'), list('data_max_')];
    const range = set['feature_range'] === undefined ? [0, 1] : numbersIn(set['feature_range'], 2);
    if (range === null) throw importInput(place, 'feature_range is not two numbers');
    return byName(names, (i) => minMax(low[i] ?? 0, high[i] ?? 0, range, place));
  }
  const [shifts, factors] = [list('min_'), list('scale_')];
  if (factors.includes(0)) throw importInput(place, 'scale_ has a zero');
  // scikit-learn's: z = x · scale_ + min_.
  return byName(names, (i) => ({
    center: -(shifts[i] ?? 0) / (factors[i] ?? 1),
    scale: 1 / (factors[i] ?? 1),
    std: null,
  }));
}

function byName(names: readonly string[], scaleOf: (i: number) => Affine): Map<string, Affine> {
  return new Map(names.map((name, i) => [name, scaleOf(i)]));
}

function standard(mean: number, std: number): Affine {
  return { center: mean, scale: std === 0 ? 1 : std, std };
}

function minMax(min: number, max: number, range: readonly number[], place: string): Affine {
  const [low = 0, high = 1] = range;
  if (!(high > low)) throw importInput(place, 'a range must go from a smaller number to a larger one');
  if (max < min) throw importInput(place, `a maximum (${max}) is smaller than its minimum (${min})`);
  const scale = (max === min ? 1 : max - min) / (high - low);
  return { center: min - low * scale, scale, std: null };
}
