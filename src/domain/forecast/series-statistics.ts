import type { Series } from './series.js';

/** Smallest and largest value of each column over the rows that are not excluded. */
export function rangeOf(series: Series): { min: number[]; max: number[] } {
  const width = series.columns.length;
  const min = series.columns.map(() => Number.POSITIVE_INFINITY);
  const max = series.columns.map(() => Number.NEGATIVE_INFINITY);
  for (let row = 0; row < series.rows; row++) {
    if (series.excluded[row] === 1) continue;
    for (let column = 0; column < width; column++) {
      const value = series.values[row * width + column] ?? 0;
      if (value < (min[column] ?? 0)) min[column] = value;
      if (value > (max[column] ?? 0)) max[column] = value;
    }
  }
  return { min, max };
}

/** Population standard deviation of each column over the rows that are not excluded; 0 for a column that never changes. */
export function standardDeviations(series: Series): number[] {
  const width = series.columns.length;
  return series.columns.map((_, column) => {
    let count = 0;
    let mean = 0;
    let squares = 0;
    for (let row = 0; row < series.rows; row++) {
      if (series.excluded[row] === 1) continue;
      const value = series.values[row * width + column] ?? 0;
      // Welford's update: no cancellation for large values with a small spread.
      count++;
      const before = value - mean;
      mean += before / count;
      squares += before * (value - mean);
    }
    return Math.sqrt(squares / count);
  });
}
