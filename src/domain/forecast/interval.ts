/**
 * Prediction intervals by split conformal prediction on signed log-space residuals, per target and horizon.
 *
 * With n exchangeable residuals sorted ascending, the two-sided interval at level 1 − α takes the residuals of
 * rank ⌊(n + 1)·α/2⌋ and ⌈(n + 1)·(1 − α/2)⌉ (1-based); it exists while both ranks lie in 1..n.
 * Source: Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World" (2005), ch. 4; the (n + 1) correction
 * as in Lei et al., "Distribution-Free Predictive Inference for Regression" (2018).
 */

/** 1-based ranks of the lower and upper residual, or null when n is too small for the level. `level` 0..1. */
export function conformalRanks(n: number, level: number): { lower: number; upper: number } | null {
  const alpha = 1 - level;
  // The tiny shift keeps (n + 1)·α/2 that is an integer but for rounding from falling to the wrong side.
  const lower = Math.floor((n + 1) * (alpha / 2) + 1e-9);
  const upper = Math.ceil((n + 1) * (1 - alpha / 2) - 1e-9);
  return lower >= 1 && upper <= n ? { lower, upper } : null;
}

/** `forecast` moved by a log-space residual: (forecast + offset)·e^residual − offset; raw units. */
export function shiftInLogSpace(forecast: number, residual: number, offset: number): number {
  // A forecast below the logarithm's reach counts as its end.
  const shifted = Math.max(0, forecast + offset) * Math.exp(residual) - offset;
  // Below zero lies nothing that was observed; only the offset of the logarithm leads there.
  return forecast >= 0 ? Math.max(0, shifted) : shifted;
}

/** Fewer residuals than this give intervals with a warning that names n. */
export const COMFORTABLE_RESIDUALS = 720;

/** Calibrated residuals of a model, decoded: `values` is [horizons][targets][n], each run of n ascending. */
export interface Residuals {
  readonly horizons: number;
  readonly targets: number;
  readonly n: number;
  /** Per target, raw units. */
  readonly logOffset: readonly number[];
  readonly values: Float32Array;
}

/**
 * [lower, upper] of one forecast value, raw units, or null when n is too small for the level. Steps (1-based)
 * beyond the calibrated horizons use the widest calibrated one, the last.
 */
export function intervalOf(
  residuals: Residuals,
  step: number,
  target: number,
  level: number,
  forecast: number,
): readonly [number, number] | null {
  const ranks = conformalRanks(residuals.n, level);
  if (ranks === null) return null;
  const horizon = Math.min(step, residuals.horizons) - 1;
  const base = (horizon * residuals.targets + target) * residuals.n;
  const offset = residuals.logOffset[target] ?? 0;
  const lower = residuals.values[base + ranks.lower - 1] ?? 0;
  const upper = residuals.values[base + ranks.upper - 1] ?? 0;
  return [shiftInLogSpace(forecast, lower, offset), shiftInLogSpace(forecast, upper, offset)];
}

/** Decodes the base64 little-endian float32 of a bundle. Throws RangeError when the length is not the stated one. */
export function decodeResiduals(
  source: { horizons: number; n: number; log_offset: readonly number[]; values: string },
  targets: number,
): Residuals {
  const values = decodeFloats(source.values);
  const count = source.horizons * targets * source.n;
  if (values.length !== count) throw new RangeError(`residuals have ${values.length} values, expected ${count}`);
  return { horizons: source.horizons, targets, n: source.n, logOffset: source.log_offset, values };
}

/** Numbers of base64 little-endian float32. Throws RangeError when the text is not base64 of whole numbers. */
export function decodeFloats(text: string): Float32Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new RangeError('the numbers are not base64');
  }
  if (binary.length % 4 !== 0) throw new RangeError(`${binary.length} bytes are no whole number of float32`);
  const view = new DataView(new ArrayBuffer(binary.length));
  for (let i = 0; i < binary.length; i++) view.setUint8(i, binary.charCodeAt(i));
  const values = new Float32Array(binary.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(i * 4, true);
  return values;
}

/** Numbers as base64 of little-endian float32, as bundles hold them. */
export function encodeFloats(values: ArrayLike<number>): string {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i] ?? 0, true);
  let binary = '';
  for (let i = 0; i < view.byteLength; i++) binary += String.fromCharCode(view.getUint8(i));
  return btoa(binary);
}
