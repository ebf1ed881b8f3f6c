/** Least squares of a few parameters that must not be below zero. At most `PARAMETERS_MAX` columns. */

const PARAMETERS_MAX = 6;
const ITERATIONS_MAX = 200;
const DAMPING_START = 1e-3;
const DAMPING_MAX = 1e12;
const CONVERGED = 1e-12;
/** Columns that differ from a combination of others by less than this share of their length are not independent. */
const SINGULAR = 1e-12;

type Row = readonly number[];

/** Solves the square system by elimination with row exchange; null where it is singular. */
function solve(matrix: readonly Row[], right: Row): number[] | null {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) {
      if (Math.abs(rows[i]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = i;
    }
    const chosen = rows[pivot];
    const divisor = chosen?.[column] ?? 0;
    if (chosen === undefined || !(Math.abs(divisor) > SINGULAR)) return null;
    rows[pivot] = rows[column] ?? [];
    rows[column] = chosen;
    for (let i = 0; i < n; i++) {
      const row = rows[i];
      if (i === column || row === undefined) continue;
      const factor = (row[column] ?? 0) / divisor;
      for (let k = column; k <= n; k++) row[k] = (row[k] ?? 0) - factor * (chosen[k] ?? 0);
    }
  }
  return rows.map((row, i) => (row[n] ?? 0) / (row[i] ?? 1));
}

function sumOfSquares(values: Row): number {
  return values.reduce((sum, value) => sum + value * value, 0);
}

/** Normal equations of the chosen columns, each scaled to length 1 so that sizes of units do not matter. */
function solveColumns(jacobian: readonly Row[], right: Row, columns: Row, damping: number): number[] | null {
  const lengths = columns.map((c) => Math.sqrt(sumOfSquares(jacobian.map((row) => row[c] ?? 0))));
  if (lengths.some((length) => !(length > 0 && Number.isFinite(length)))) return null;
  const at = (row: Row, place: number): number => (row[columns[place] ?? 0] ?? 0) / (lengths[place] ?? 1);
  const places = columns.map((_, place) => place);
  const matrix = places.map((i) =>
    places.map((j) => jacobian.reduce((sum, row) => sum + at(row, i) * at(row, j), 0) + (i === j ? damping : 0)),
  );
  const projected = places.map((i) => jacobian.reduce((sum, row, k) => sum + at(row, i) * (right[k] ?? 0), 0));
  return solve(matrix, projected)?.map((value, place) => value / (lengths[place] ?? 1)) ?? null;
}

/**
 * The x ≥ 0 that minimises |A·x − b|²; every set of columns is tried, which is exact for so few. Null where A has no
 * usable column. Throws RangeError above six columns. Source: Lawson & Hanson, "Solving Least Squares Problems", ch. 23.
 */
export function nonNegativeLeastSquares(a: readonly Row[], b: Row): number[] | null {
  const width = a[0]?.length ?? 0;
  if (width > PARAMETERS_MAX) throw new RangeError(`${width} columns, at most ${PARAMETERS_MAX}`);
  let best: { x: number[]; error: number } | null = null;
  for (let set = 1; set < 2 ** width; set++) {
    const columns = Array.from({ length: width }, (_, c) => c).filter((c) => (set & (1 << c)) !== 0);
    const part = solveColumns(a, b, columns, 0);
    if (part === null || part.some((value) => value < 0)) continue;
    const x = Array.from({ length: width }, (_, c) => part[columns.indexOf(c)] ?? 0);
    const error = sumOfSquares(
      a.map((row, i) => row.reduce((sum, value, c) => sum + value * (x[c] ?? 0), 0) - (b[i] ?? 0)),
    );
    if (best === null || error < best.error) best = { x, error };
  }
  return best?.x ?? null;
}

/** Residuals and their derivatives by parameter (one row per residual) at a point. */
export interface Linearised {
  readonly residuals: Row;
  readonly jacobian: readonly Row[];
}

/**
 * Minimises the sum of squared residuals over x ≥ 0 from `start`: Levenberg's damped steps over the parameters that are
 * not held at zero, cut off at zero. Source: Marquardt (1963); bounds by projection as in Kelley, "Iterative Methods
 * for Optimization", 5.4.
 */
export function boundedLeastSquares(at: (x: Row) => Linearised, start: Row): number[] {
  let x = start.map((value) => Math.max(0, value));
  let here = at(x);
  let error = sumOfSquares(here.residuals);
  let damping = DAMPING_START;
  for (let i = 0; i < ITERATIONS_MAX && damping < DAMPING_MAX; i++) {
    const downhill = x.map((_, c) =>
      here.jacobian.reduce((sum, row, k) => sum - (row[c] ?? 0) * (here.residuals[k] ?? 0), 0),
    );
    // At zero and pulled below it: held.
    const free = x.flatMap((value, c) => (value > 0 || (downhill[c] ?? 0) > 0 ? [c] : []));
    const negated = here.residuals.map((value) => -value);
    const step = free.length === 0 ? null : solveColumns(here.jacobian, negated, free, damping);
    if (step === null) return x;
    const next = x.map((value, c) => Math.max(0, value + (step[free.indexOf(c)] ?? 0)));
    const there = at(next);
    const errorThere = sumOfSquares(there.residuals);
    if (!(errorThere <= error)) {
      damping *= 10;
      continue;
    }
    const gained = error - errorThere;
    [x, here, error] = [next, there, errorThere];
    damping /= 10;
    if (gained <= CONVERGED * error || error === 0) return x;
  }
  return x;
}
