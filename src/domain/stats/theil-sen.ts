/** A slope with its 95 % interval, in units of y per unit of x. */
export interface SlopeFigure {
  readonly slope: number;
  readonly lower: number;
  readonly upper: number;
}

const Z_95 = 1.959963984540054;
/** Pairs grow with the square: more points than these are to be thinned out before. */
const POINTS_MAX = 1_000;

/**
 * The median of the slopes of all pairs of points, which a few outliers cannot move, and its interval by Kendall's
 * statistic; null below three different x. At most 1,000 points (RangeError beyond).
 * Source: Sen, "Estimates of the Regression Coefficient Based on Kendall's Tau", JASA 63 (1968).
 */
export function theilSen(xs: readonly number[], ys: readonly number[]): SlopeFigure | null {
  if (xs.length > POINTS_MAX) throw new RangeError(`${xs.length} points, at most ${POINTS_MAX}`);
  const slopes: number[] = [];
  for (let i = 0; i < xs.length; i++) {
    for (let j = i + 1; j < xs.length; j++) {
      const dx = (xs[j] ?? 0) - (xs[i] ?? 0);
      if (dx !== 0) slopes.push(((ys[j] ?? 0) - (ys[i] ?? 0)) / dx);
    }
  }
  const n = xs.length;
  if (n < 3 || slopes.length < 3) return null;
  slopes.sort((a, b) => a - b);
  const spread = Z_95 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const at = (place: number): number => slopes[Math.min(slopes.length - 1, Math.max(0, place))] ?? 0;
  const middle = (slopes.length - 1) / 2;
  return {
    slope: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    lower: at(Math.floor((slopes.length - spread) / 2) - 1),
    upper: at(Math.ceil((slopes.length + spread) / 2)),
  };
}

/** Every k-th of a list, so that at most `most` are left. */
export function thinned<T>(values: readonly T[], most: number): T[] {
  const every = Math.max(1, Math.ceil(values.length / most));
  return values.filter((_, i) => i % every === 0);
}
