import { cliffsDelta, hodgesLehmann, holm, mannWhitneyP, type Shift, smallestP } from './rank-sum.js';

/** Differences below this p count, of the primary metric alone, of the others after Holm's correction. */
export const SIGNIFICANCE = 0.05;
/** Smaller shifts do not matter, however sure they are. */
export const PRACTICAL_SHIFT = 0.05;
/** Shares (success) are near 1: a shift of so many of all requests matters. */
export const PRACTICAL_SHARE_SHIFT = 0.001;
/** What the power is stated for. */
export const POWER_SHIFT = 0.1;
const POWER_DRAWS = 2_000;

/** One figure of every run of both groups. */
export interface ComparedFigure {
  readonly name: string;
  /** Which way is good. */
  readonly better: 'lower' | 'higher';
  readonly isShare: boolean;
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/**
 * `worse` and `better`: significant, and the shift is at least the practical threshold. `alike`: its whole interval lies
 * inside the threshold. `undecided`: neither was shown.
 */
export type ComparisonOutcome = 'worse' | 'better' | 'alike' | 'undecided';

export interface FigureComparison {
  readonly name: string;
  readonly isPrimary: boolean;
  readonly better: 'lower' | 'higher';
  readonly isShare: boolean;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly medianA: number;
  readonly medianB: number;
  /** In the figure's unit. */
  readonly shift: Shift;
  /** Shift over the median of a (0.1 = 10 % more); of shares the shift itself; null where that median is 0. */
  readonly relative: Shift | null;
  /** Size of `relative` from which on it matters. */
  readonly threshold: number;
  readonly cliffsDelta: number;
  readonly p: number;
  /** After Holm's correction over the secondary figures; of the primary as it is. */
  readonly adjustedP: number;
  readonly outcome: ComparisonOutcome;
  /** Standard deviation over mean of each group; null where the mean is 0 or there is one run only. */
  readonly cvA: number | null;
  readonly cvB: number | null;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

/** Run-to-run coefficient of variation; null for fewer than two figures or a mean of 0. */
export function coefficientOfVariation(values: readonly number[]): number | null {
  const n = values.length;
  const mean = values.reduce((x, y) => x + y, 0) / n;
  if (n < 2 || mean === 0) return null;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)) / Math.abs(mean);
}

/** Why groups of these sizes cannot be compared; null when they can. */
export function tooFewRuns(n: number, m: number): string | null {
  if (n > 0 && m > 0 && smallestP(n, m) < SIGNIFICANCE) return null;
  const best = n > 0 && m > 0 ? ` (the smallest p they can give is ${smallestP(n, m).toPrecision(2)})` : '';
  return `${n} against ${m} runs cannot show a difference at p < ${SIGNIFICANCE}${best}; make at least 4 of each, better 5, in turns (A B A B).`;
}

function relativeShift(shift: Shift, base: number): Shift | null {
  if (base === 0) return null;
  const scale = (value: number | null): number | null => (value === null ? null : value / Math.abs(base));
  return { value: shift.value / Math.abs(base), lower: scale(shift.lower), upper: scale(shift.upper) };
}

function outcomeOf(
  adjustedP: number,
  relative: Shift | null,
  threshold: number,
  better: ComparedFigure['better'],
): ComparisonOutcome {
  if (relative === null) return 'undecided';
  if (adjustedP < SIGNIFICANCE && Math.abs(relative.value) >= threshold) {
    return relative.value > 0 === (better === 'higher') ? 'better' : 'worse';
  }
  const { lower, upper } = relative;
  return lower !== null && upper !== null && lower > -threshold && upper < threshold ? 'alike' : 'undecided';
}

function compareOne(figure: ComparedFigure, p: number, adjustedP: number, isPrimary: boolean, practical: number) {
  const { a, b, isShare, better } = figure;
  const shift = hodgesLehmann(a, b);
  const relative = isShare ? shift : relativeShift(shift, median(a));
  const threshold = isShare ? PRACTICAL_SHARE_SHIFT : practical;
  return {
    name: figure.name,
    isPrimary,
    better,
    isShare,
    a,
    b,
    medianA: median(a),
    medianB: median(b),
    shift,
    relative,
    threshold,
    cliffsDelta: cliffsDelta(a, b),
    p,
    adjustedP,
    outcome: outcomeOf(adjustedP, relative, threshold, better),
    cvA: coefficientOfVariation(a),
    cvB: coefficientOfVariation(b),
  } satisfies FigureComparison;
}

/**
 * Compares runs figure by figure: the primary alone at p < 0.05, the others after Holm's correction over all of them;
 * `practical` is the share from which on a shift matters. Each group has one value per run; see `tooFewRuns` first.
 */
export function compareFigures(
  primary: ComparedFigure,
  secondary: readonly ComparedFigure[],
  practical: number = PRACTICAL_SHIFT,
): FigureComparison[] {
  const primaryP = mannWhitneyP(primary.a, primary.b);
  const ps = secondary.map(({ a, b }) => mannWhitneyP(a, b));
  const adjusted = holm(ps);
  return [
    compareOne(primary, primaryP, primaryP, true, practical),
    ...secondary.map((figure, i) => compareOne(figure, ps[i] ?? 1, adjusted[i] ?? 1, false, practical)),
  ];
}

/**
 * How often this comparison would find a true shift of 10 % with so many runs whose figures scatter normally with this
 * coefficient of variation; simulated with `random` (uniform in [0, 1)).
 */
export function comparisonPower(
  n: number,
  m: number,
  cv: number,
  random: () => number,
  practical: number = PRACTICAL_SHIFT,
): number {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const group = (size: number, mean: number): number[] =>
    Array.from({ length: size }, () => mean * (1 + cv * normal()));
  let found = 0;
  for (let i = 0; i < POWER_DRAWS; i++) {
    const a = group(n, 1);
    const b = group(m, 1 + POWER_SHIFT);
    const shift = hodgesLehmann(a, b).value / median(a);
    if (shift >= practical && mannWhitneyP(a, b) < SIGNIFICANCE) found++;
  }
  return found / POWER_DRAWS;
}
