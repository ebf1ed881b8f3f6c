/**
 * An evenly spaced multivariate series after cleaning: what training, baselines and evaluation work on.
 */
export interface Series {
  /** Instant of row 0, ms since 1970 UTC. */
  readonly startMs: number;
  readonly stepMs: number;
  readonly rows: number;
  readonly columns: readonly string[];
  /** Row-major [rows][columns], raw units, finite and ≥ 0. */
  readonly values: Float64Array;
  /** 1 where a row is no observation (an outage, a bridged gap): neither trained on nor scored. Length: rows. */
  readonly excluded: Uint8Array;
}

/** Instant of a row, ms since 1970 UTC; `row` may lie beyond the series. */
export function timeOfRow(series: Series, row: number): number {
  return series.startMs + row * series.stepMs;
}

/** Rows [from, to) as a series of their own; values are shared, not copied. */
export function sliceSeries(series: Series, from: number, to: number): Series {
  const width = series.columns.length;
  return {
    ...series,
    startMs: timeOfRow(series, from),
    rows: to - from,
    values: series.values.subarray(from * width, to * width),
    excluded: series.excluded.subarray(from, to),
  };
}

/** Whether `next` begins one step after `series` ends, with the same step and columns. */
export function follows(series: Series, next: Series): boolean {
  return (
    next.stepMs === series.stepMs &&
    next.startMs === timeOfRow(series, series.rows) &&
    next.columns.length === series.columns.length &&
    next.columns.every((name, i) => name === series.columns[i])
  );
}

/** Both series in one. Throws RangeError unless `next` follows `series`. */
export function joinSeries(series: Series, next: Series): Series {
  if (!follows(series, next)) throw new RangeError('the second series does not follow the first');
  const values = new Float64Array(series.values.length + next.values.length);
  values.set(series.values);
  values.set(next.values, series.values.length);
  const excluded = new Uint8Array(series.rows + next.rows);
  excluded.set(series.excluded);
  excluded.set(next.excluded, series.rows);
  return { ...series, rows: series.rows + next.rows, values, excluded };
}

/** The series with every value brought into its column's range. */
export function clampSeries(series: Series, min: readonly number[], max: readonly number[]): Series {
  const width = series.columns.length;
  const values = series.values.map((value, i) =>
    Math.max(min[i % width] ?? value, Math.min(max[i % width] ?? value, value)),
  );
  return { ...series, values };
}

/**
 * Origins t in [from, to) whose rows [t − before + 1, t + after] are all inside the series and none excluded: the
 * last row of a window and what follows it.
 */
export function cleanOrigins(series: Series, before: number, after: number, from: number, to: number): Int32Array {
  const origins: number[] = [];
  const first = Math.max(from, before - 1);
  const last = Math.min(to - 1, series.rows - 1 - after);
  let lastExcluded = -1;
  for (let row = Math.max(0, first - before + 1); row < first + after; row++) {
    if (series.excluded[row] === 1) lastExcluded = row;
  }
  for (let origin = first; origin <= last; origin++) {
    if (series.excluded[origin + after] === 1) lastExcluded = origin + after;
    if (lastExcluded <= origin - before) origins.push(origin);
  }
  return Int32Array.from(origins);
}
