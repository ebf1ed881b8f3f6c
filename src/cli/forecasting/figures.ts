const PREFIXES = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;
const DIGITS = 3;

/** A number for a table: three significant digits, with k, M, G or T; small ones in exponential form. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  for (const [unit, prefix] of PREFIXES) {
    // 999.96 k would be written 1000 k.
    if (size >= unit * 0.9995) return `${(value / unit).toPrecision(DIGITS)} ${prefix}`;
  }
  return size !== 0 && size < 1e-3 ? value.toExponential(DIGITS - 1) : value.toPrecision(DIGITS);
}

/** A time span for people: `48 s`, `3 min 20 s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
