import { COMFORTABLE_RESIDUALS, conformalRanks, formatTimestamp, intervalOf } from '../domain/forecast/index.js';
import type { ModelSpec } from './model-spec.js';

/** The parts of a reply that depend on one window, as JSON text: formed once, also when the answer is kept. */
export interface Answer {
  /** A JSON array of rows. */
  readonly predictions: string;
  /** A JSON object of rows by level; null when no level was asked for. */
  readonly intervals: string | null;
  readonly warnings: readonly string[];
}

/**
 * Forms the rows of one window's forecast, float32 [horizon, targets] in raw units, all finite. The first row's
 * timestamp is one step after `lastMs`. A level that the calibration cannot give is left out, with a warning.
 */
export function formAnswer(
  spec: ModelSpec,
  forecast: Float32Array,
  lastMs: number,
  naive: boolean,
  levels: readonly number[],
): Answer {
  const keys = spec.targetKeys;
  const horizon = forecast.length / keys.length;
  const heads: string[] = [];
  let predictions = '[';
  for (let step = 0; step < horizon; step++) {
    const head = `${step === 0 ? '' : ','}{"ts":"${formatTimestamp(lastMs + (step + 1) * spec.stepMs, naive)}"`;
    heads.push(head);
    predictions += head;
    for (let target = 0; target < keys.length; target++) {
      predictions += `${keys[target] ?? ''}${forecast[step * keys.length + target] ?? 0}`;
    }
    predictions += '}';
  }
  predictions += ']';
  if (levels.length === 0) return { predictions, intervals: null, warnings: [] };

  const usable = levels.filter((level) => conformalRanks(spec.residuals.n, level / 100) !== null);
  const parts = usable.map((level) => `"${level}":${intervalRows(spec, forecast, heads, keys, level)}`);
  return { predictions, intervals: `{${parts.join(',')}}`, warnings: intervalWarnings(spec, horizon, levels, usable) };
}

function intervalRows(
  spec: ModelSpec,
  forecast: Float32Array,
  heads: readonly string[],
  keys: readonly string[],
  level: number,
): string {
  let text = '[';
  for (let step = 0; step < heads.length; step++) {
    text += heads[step] ?? '';
    for (let target = 0; target < keys.length; target++) {
      const value = forecast[step * keys.length + target] ?? 0;
      const bounds = intervalOf(spec.residuals, step + 1, target, level / 100, value);
      // Overflow is no interval: null says so, where Infinity is no JSON.
      const isFinite = bounds !== null && Number.isFinite(bounds[0]) && Number.isFinite(bounds[1]);
      text += `${keys[target] ?? ''}${isFinite ? `[${bounds[0]},${bounds[1]}]` : 'null'}`;
    }
    text += '}';
  }
  return `${text}]`;
}

function intervalWarnings(
  spec: ModelSpec,
  horizon: number,
  levels: readonly number[],
  usable: readonly number[],
): string[] {
  const { n, horizons } = spec.residuals;
  const warnings: string[] = [];
  const missing = levels.filter((level) => !usable.includes(level));
  if (missing.length > 0) warnings.push(`No interval at level ${missing.join(', ')}: only ${n} calibration residuals`);
  if (usable.length > 0 && n < COMFORTABLE_RESIDUALS) {
    warnings.push(`Intervals rest on ${n} calibration residuals; ${COMFORTABLE_RESIDUALS} or more are advised`);
  }
  if (usable.length > 0 && horizon > horizons) {
    warnings.push(`Intervals beyond step ${horizons} have the width of step ${horizons}`);
  }
  return warnings;
}
