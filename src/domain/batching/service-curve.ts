/**
 * The time that one run of the model takes, as a line over its rows: a + b·n microseconds, fitted while serving.
 *
 * Robust: runs are grouped by their rows, each group keeps its last few durations, and the line goes through the
 * groups' medians, weighted by how many runs they stand for. One run that was held up (a page fault, a noisy
 * neighbour) moves no median, and a size of batch that is not seen any more is forgotten. Both coefficients are kept from
 * going below zero, where they mean nothing.
 * Many runs take as long as their sum, though, and a sum follows the mean: where durations are skewed it lies a tenth
 * above the medians. So the mean of (duration / line) over the last runs stretches the line where a finish is predicted.
 * Source of the shape: batching theory's linear service time, as in Inoue, "Queueing analysis of GPU-based inference
 * servers with dynamic batching" (2021); medians before least squares as in Tukey's resistant line (1977).
 */
export interface ServiceCurve {
  /** Cost of a run, whatever its rows, µs, ≥ 0. */
  readonly perRunUs: number;
  /** Cost of each row, µs, ≥ 0. */
  readonly perRowUs: number;
}

/** Durations that each group of equal rows remembers. */
const KEPT_PER_GROUP = 15;
/** Runs between two fits: the line moves slowly, and fitting is not free. */
const REFIT_EVERY_RUNS = 32;
/** A size that was not seen for so many runs says more about then than about now. */
const FORGOTTEN_AFTER_RUNS = 4096;

/** Over how many runs that mean is taken: the weight of older ones falls by e. */
const STRETCH_RUNS = 256;
/** What one run may count there at most: one that was held up for a second says little about the next ones. */
const MOST_STRETCH = 4;

/** Time of a run of `rows` rows, µs. */
export function runTimeUs(curve: ServiceCurve, rows: number): number {
  return curve.perRunUs + curve.perRowUs * rows;
}

interface Group {
  readonly durationsUs: number[];
  next: number;
  /** Which run it saw last. */
  lastRun: number;
}

/** Gathers runs and answers the line through them. Bounded: one group for each number of rows that a batch may have. */
export class ServiceCurveFit {
  readonly #groups = new Map<number, Group>();
  #curve: ServiceCurve | null = null;
  #expected: ServiceCurve | null = null;
  #runs = 0;
  /** What the last runs took, and what the line said, µs. */
  #tookUs = 0;
  #saidUs = 0;

  /** The line so far; null before the first run. */
  get curve(): ServiceCurve | null {
    return this.#curve;
  }

  /** The line stretched to the mean of the last runs: for sums of many. null before the first run. */
  get expected(): ServiceCurve | null {
    return this.#expected;
  }

  /** Notes a run of `rows` rows, ≥ 1, that took `durationUs`. */
  note(rows: number, durationUs: number): void {
    if (!(rows >= 1 && durationUs >= 0)) return;
    this.#runs++;
    let group = this.#groups.get(rows);
    if (group === undefined) {
      group = { durationsUs: [], next: 0, lastRun: 0 };
      this.#groups.set(rows, group);
    }
    group.durationsUs[group.next] = durationUs;
    group.next = (group.next + 1) % KEPT_PER_GROUP;
    group.lastRun = this.#runs;
    if (this.#runs <= REFIT_EVERY_RUNS || this.#runs % REFIT_EVERY_RUNS === 0) this.#fit();
    this.#stretch(rows, durationUs);
  }

  #stretch(rows: number, durationUs: number): void {
    if (this.#curve === null) return;
    const { perRunUs, perRowUs } = this.#curve;
    const saidUs = runTimeUs(this.#curve, rows);
    const kept = 1 - 1 / STRETCH_RUNS;
    this.#saidUs = this.#saidUs * kept + saidUs;
    this.#tookUs = this.#tookUs * kept + Math.min(durationUs, MOST_STRETCH * saidUs);
    const stretch = this.#saidUs === 0 ? 1 : this.#tookUs / this.#saidUs;
    this.#expected = { perRunUs: stretch * perRunUs, perRowUs: stretch * perRowUs };
  }

  #fit(): void {
    for (const [rows, { lastRun }] of this.#groups) {
      if (this.#runs - lastRun > FORGOTTEN_AFTER_RUNS) this.#groups.delete(rows);
    }
    this.#curve = fitLine(
      [...this.#groups].map(([rows, { durationsUs }]) => ({
        rows,
        medianUs: medianOf(durationsUs),
        weight: durationsUs.length,
      })),
    );
  }
}

/**
 * Weighted least squares through (rows, median), coefficients ≥ 0. With one distinct number of rows the whole time is
 * charged to the rows: short for fewer rows, long for more, and right for what is seen.
 */
export function fitLine(
  points: readonly { readonly rows: number; readonly medianUs: number; readonly weight: number }[],
): ServiceCurve {
  let weights = 0;
  let meanRows = 0;
  let meanUs = 0;
  for (const { rows, medianUs, weight } of points) {
    weights += weight;
    meanRows += weight * rows;
    meanUs += weight * medianUs;
  }
  meanRows /= weights;
  meanUs /= weights;
  let spread = 0;
  let product = 0;
  for (const { rows, medianUs, weight } of points) {
    spread += weight * (rows - meanRows) ** 2;
    product += weight * (rows - meanRows) * (medianUs - meanUs);
  }
  if (spread === 0) return { perRunUs: 0, perRowUs: meanUs / meanRows };
  const slope = product / spread;
  // A bound that is hit moves the other coefficient to the best it can be on that bound.
  if (slope <= 0) return { perRunUs: meanUs, perRowUs: 0 };
  const intercept = meanUs - slope * meanRows;
  if (intercept >= 0) return { perRunUs: intercept, perRowUs: slope };
  let squares = 0;
  let through = 0;
  for (const { rows, medianUs, weight } of points) {
    squares += weight * rows * rows;
    through += weight * rows * medianUs;
  }
  return { perRunUs: 0, perRowUs: through / squares };
}

/** Middle value; the lower of two. Empty: 0. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;
}
