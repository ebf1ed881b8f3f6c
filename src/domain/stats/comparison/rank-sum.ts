/**
 * Whether two small groups of figures differ in place, by ranks alone: no law of their scatter is assumed.
 * Sources: Mann & Whitney, Annals of Mathematical Statistics 18 (1947); exact permutation distribution with mid-ranks
 * as in Lehmann, "Nonparametrics" (1975), 1.4; intervals as there in 2.6.
 */

/** Up to so many figures in both groups together the distribution is counted out; beyond, it is as good as normal. */
const EXACT_MAX = 50;

/** ∫ of the normal density beyond |z|, both sides. Source: Abramowitz & Stegun 7.1.26 (absolute error < 2e-7). */
function twoSidedNormal(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.min(1, poly * Math.exp(-x * x));
}

/** Twice the mid-rank of every value of `a` then `b` in the pooled order: whole numbers, ties share theirs. */
function doubledRanks(a: readonly number[], b: readonly number[]): number[] {
  const pooled = [...a, ...b];
  return pooled.map((value) => {
    const below = pooled.filter((other) => other < value).length;
    const equal = pooled.filter((other) => other === value).length;
    return 2 * below + equal + 1;
  });
}

/** How many choices of `size` of the ranks have each sum; index = sum. */
function sumCounts(ranks: readonly number[], size: number): Float64Array {
  const total = ranks.reduce((x, y) => x + y, 0);
  const counts = Array.from({ length: size + 1 }, () => new Float64Array(total + 1));
  const [none] = counts;
  if (none !== undefined) none[0] = 1;
  for (const [seen, rank] of ranks.entries()) {
    for (let k = Math.min(size, seen + 1); k >= 1; k--) {
      const fewer = counts[k - 1];
      const here = counts[k];
      if (fewer === undefined || here === undefined) continue;
      for (let sum = total; sum >= rank; sum--) here[sum] = (here[sum] ?? 0) + (fewer[sum - rank] ?? 0);
    }
  }
  return counts[size] ?? new Float64Array(0);
}

function exactP(ranks: readonly number[], size: number): number {
  const counts = sumCounts(ranks, size);
  const observed = ranks.slice(0, size).reduce((x, y) => x + y, 0);
  const middle = (size * ranks.reduce((x, y) => x + y, 0)) / ranks.length;
  const distance = Math.abs(observed - middle) - 1e-9;
  let extreme = 0;
  let all = 0;
  for (const [sum, count] of counts.entries()) {
    all += count;
    if (Math.abs(sum - middle) >= distance) extreme += count;
  }
  return extreme / all;
}

/**
 * Two-sided p of the hypothesis that both groups come from one distribution; 1 where one is empty. Exact up to 50
 * figures, ties included.
 */
export function mannWhitneyP(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return 1;
  const ranks = doubledRanks(a, b);
  const n = ranks.length;
  if (n <= EXACT_MAX) return exactP(ranks, a.length);
  const mean = ranks.reduce((x, y) => x + y, 0) / n;
  const spread = ranks.reduce((sum, rank) => sum + (rank - mean) ** 2, 0) / (n - 1);
  const variance = (a.length * b.length * spread) / n;
  const deviation = ranks.slice(0, a.length).reduce((x, y) => x + y, 0) - a.length * mean;
  // One doubled rank of continuity.
  return variance <= 0 ? 1 : twoSidedNormal(Math.max(0, Math.abs(deviation) - 1) / Math.sqrt(variance));
}

/** The smallest p that groups of these sizes can reach at all: 3 against 3 gives 0.1, 4 against 4 gives 0.029. */
export function smallestP(n: number, m: number): number {
  let ways = 1;
  for (let i = 1; i <= n; i++) ways = (ways * (m + i)) / i;
  return Math.min(1, 2 / ways);
}

/** A shift of b against a, in their unit; null ends where the groups are too small for a bound. */
export interface Shift {
  readonly value: number;
  readonly lower: number | null;
  readonly upper: number | null;
}

/** Largest k with P(U ≤ k) ≤ tail for groups without ties; −1: none. */
function criticalCount(n: number, m: number, tail: number): number {
  if (n + m > EXACT_MAX) {
    const z = 1.959963984540054;
    return Math.floor((n * m) / 2 - z * Math.sqrt((n * m * (n + m + 1)) / 12) - 0.5);
  }
  const counts = sumCounts(
    Array.from({ length: n + m }, (_, i) => i + 1),
    n,
  );
  const smallest = (n * (n + 1)) / 2;
  const all = counts.reduce((x, y) => x + y, 0);
  let below = 0;
  for (let k = 0; smallest + k < counts.length; k++) {
    below += counts[smallest + k] ?? 0;
    if (below / all > tail) return k - 1;
  }
  return -1;
}

/**
 * The Hodges–Lehmann shift: the median of all differences b − a, with the 95 % interval that the rank test gives.
 * Throws RangeError where a group is empty.
 */
export function hodgesLehmann(a: readonly number[], b: readonly number[], confidence = 0.95): Shift {
  const differences = b.flatMap((later) => a.map((earlier) => later - earlier)).sort((x, y) => x - y);
  const n = differences.length;
  if (n === 0) throw new RangeError('both groups need figures');
  const at = (place: number): number => differences[place] ?? 0;
  const k = criticalCount(a.length, b.length, (1 - confidence) / 2);
  return {
    value: (at((n - 1) >> 1) + at(n >> 1)) / 2,
    lower: k < 0 ? null : at(k),
    upper: k < 0 ? null : at(n - 1 - k),
  };
}

/**
 * How often a figure of b is above one of a, minus how often below: −1…1. Source: Cliff, Psychological Bulletin 114
 * (1993).
 */
export function cliffsDelta(a: readonly number[], b: readonly number[]): number {
  const pairs = a.length * b.length;
  if (pairs === 0) return 0;
  return b.reduce((sum, later) => sum + a.reduce((s, earlier) => s + Math.sign(later - earlier), 0), 0) / pairs;
}

/** p values as they stand after Holm's correction for looking at all of them, in their order. Source: Holm (1979). */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, i) => ({ p, i })).sort((x, y) => x.p - y.p);
  const adjusted = new Array<number>(ps.length).fill(1);
  let largest = 0;
  order.forEach(({ p, i }, place) => {
    largest = Math.max(largest, Math.min(1, p * (ps.length - place)));
    adjusted[i] = largest;
  });
  return adjusted;
}
