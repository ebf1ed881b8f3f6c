import { boundedLeastSquares, nonNegativeLeastSquares } from './bounded-least-squares.js';

/**
 * The Universal Scalability Law: X(N) = λN / (1 + σ(N − 1) + κN(N − 1)), the throughput of N closed users. λ is the
 * throughput of one, σ the share of work that only one can do at a time, κ the cost of every pair that must agree.
 * Source: Gunther, "Guerrilla Capacity Planning" (2007), ch. 4–5.
 */
export interface UslModel {
  /** Requests per second of one user, > 0. */
  readonly lambda: number;
  /** Contention, ≥ 0. */
  readonly sigma: number;
  /** Coherency, ≥ 0. */
  readonly kappa: number;
}

/** What was measured at one number of closed users. */
export interface ThroughputLevel {
  /** ≥ 1. */
  readonly users: number;
  /** Right answers per second, > 0. */
  readonly throughputPerS: number;
}

/** X(N), requests per second, for N ≥ 1 (real numbers allowed). */
export function uslThroughput({ lambda, sigma, kappa }: UslModel, users: number): number {
  return (lambda * users) / (1 + sigma * (users - 1) + kappa * users * (users - 1));
}

/** The N with the highest throughput: √((1 − σ)/κ), at least 1; infinite where κ = 0 (and throughput still grows). */
export function uslPeakUsers({ sigma, kappa }: UslModel): number {
  if (sigma >= 1) return 1;
  return kappa === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.sqrt((1 - sigma) / kappa));
}

/** 1, N − 1 and N(N − 1): N/X is a sum of them with the coefficients 1/λ, σ/λ and κ/λ. */
function terms(users: number): readonly [number, number, number] {
  return [1, users - 1, users * (users - 1)];
}

/**
 * Fits the law by least squares of relative deviations (throughputs of 10 and of 10,000 count alike): non-negative least
 * squares on N/X give the start, bounded least squares on X the end. Null where nothing can be fitted: fewer than three
 * different N, none of them 1, or a throughput that is not above zero.
 */
export function fitUsl(levels: readonly ThroughputLevel[]): UslModel | null {
  const distinct = new Set(levels.map(({ users }) => users));
  if (distinct.size < 3 || !distinct.has(1)) return null;
  if (
    levels.some(({ users, throughputPerS }) => !(users >= 1 && throughputPerS > 0 && Number.isFinite(throughputPerS)))
  )
    return null;
  const start = nonNegativeLeastSquares(
    levels.map(({ users, throughputPerS }) => terms(users).map((term) => (term * throughputPerS) / users)),
    levels.map(() => 1),
  );
  if (start === null) return null;
  const [perUser = 0, contention = 0, coherency = 0] = boundedLeastSquares((x) => {
    const rows = levels.map(({ users, throughputPerS }) => {
      const basis = terms(users);
      const divisor = basis.reduce((sum, term, c) => sum + term * (x[c] ?? 0), 0);
      const ratio = users / (divisor * throughputPerS);
      return { residual: ratio - 1, row: basis.map((term) => (-ratio * term) / divisor) };
    });
    return { residuals: rows.map(({ residual }) => residual), jacobian: rows.map(({ row }) => row) };
  }, start);
  if (!(perUser > 0)) return null;
  return { lambda: 1 / perUser, sigma: contention / perUser, kappa: coherency / perUser };
}
