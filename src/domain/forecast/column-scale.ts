import type { Series } from './series.js';

/** How one column becomes a standardised number: z = (g(v) − mean) / std with g(v) = log(v + offset), or v itself. */
export interface ColumnScale {
  /** Null: no logarithm. */
  readonly logOffset: number | null;
  readonly mean: number;
  readonly std: number;
}

/**
 * Offset of the logarithm by the size of a column's median: it keeps zeros finite and keeps the many small values of
 * a heavy tail from dominating. It must not dwarf the values either: log(15 + 1e4) has no digits left in float32.
 */
const LOG_OFFSETS = [
  { medianAbove: 1e3, offset: 1e4 },
  { medianAbove: 1e-1, offset: 1 },
  { medianAbove: Number.NEGATIVE_INFINITY, offset: 1e-9 },
] as const;

function logOffsetFor(values: readonly number[]): number {
  const median = medianOf(values);
  return LOG_OFFSETS.find(({ medianAbove }) => median > medianAbove)?.offset ?? 1;
}

export function scaleValue(scale: ColumnScale, value: number): number {
  const g = scale.logOffset === null ? value : Math.log(value + scale.logOffset);
  return (g - scale.mean) / scale.std;
}

export function unscaleValue(scale: ColumnScale, z: number): number {
  const g = z * scale.std + scale.mean;
  return scale.logOffset === null ? g : Math.exp(g) - scale.logOffset;
}

/**
 * Scales of every column, fitted on the rows of the series that are not excluded. A column that never changes gets
 * std 1. Throws RangeError when there is no such row.
 */
export function fitScales(series: Series, space: 'log' | 'raw'): ColumnScale[] {
  const width = series.columns.length;
  return series.columns.map((_, column) => {
    const values: number[] = [];
    for (let row = 0; row < series.rows; row++) {
      if (series.excluded[row] !== 1) values.push(series.values[row * width + column] ?? 0);
    }
    if (values.length === 0) throw new RangeError('no row to fit scales on');
    const logOffset = space === 'raw' ? null : logOffsetFor(values);
    const transformed = logOffset === null ? values : values.map((value) => Math.log(value + logOffset));
    const mean = transformed.reduce((sum, g) => sum + g, 0) / transformed.length;
    const variance = transformed.reduce((sum, g) => sum + (g - mean) ** 2, 0) / transformed.length;
    // Rounding leaves a trace of variance in a constant column of large values.
    const negligible = variance <= 1e-20 * mean * mean;
    return { logOffset, mean, std: negligible ? 1 : Math.sqrt(variance) };
  });
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** All values of the series, standardised: row-major [rows][columns]. */
export function scaleSeries(series: Series, scales: readonly ColumnScale[]): Float64Array {
  const width = series.columns.length;
  const z = new Float64Array(series.values.length);
  for (let column = 0; column < width; column++) {
    const scale = scales[column];
    if (scale === undefined) throw new RangeError('as many scales as columns are needed');
    for (let i = column; i < z.length; i += width) z[i] = scaleValue(scale, series.values[i] ?? 0);
  }
  return z;
}
