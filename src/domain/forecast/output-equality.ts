/** Outputs differ by at most this share of the larger of |expected| and the target's spread in training. */
export const OUTPUT_TOLERANCE = 1e-5;

/**
 * CONTRACT §4's rule of equal outputs, used wherever outputs are compared: |a − b| ≤ 1e-5 · max(|b|, standard
 * deviation of that target in training). A purely relative rule fails near zero, where log-space models lose digits.
 * NaN equals nothing.
 */
export function outputsAgree(actual: number, expected: number, targetStd: number): boolean {
  return Math.abs(actual - expected) <= OUTPUT_TOLERANCE * Math.max(Math.abs(expected), targetStd);
}

/**
 * The first place where two forecasts, [rows][targets] flattened, disagree by the rule; null when they agree.
 * Forecasts of different lengths disagree at the end of the shorter one.
 */
export function firstDisagreement(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  targetStd: readonly number[],
): { readonly index: number; readonly actual: number; readonly expected: number } | null {
  const length = Math.max(actual.length, expected.length);
  for (let index = 0; index < length; index++) {
    const a = actual[index] ?? Number.NaN;
    const b = expected[index] ?? Number.NaN;
    if (!outputsAgree(a, b, targetStd[index % targetStd.length] ?? 0)) return { index, actual: a, expected: b };
  }
  return null;
}
