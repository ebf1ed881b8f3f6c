/**
 * Reads JSON numbers straight from bytes as float32, equal to `Math.fround(Number(text))` bit for bit, without making
 * strings.
 *
 * Up to 14 significant digits are gathered in two int32 sums: exact in float64, and with a power of ten up to 10²²
 * one correctly rounded operation away from the number (Clinger, "How to Read Floating Point Numbers Accurately",
 * 1990, the fast path). With more digits the rest changes the value by less than one part in 10¹³, which decides a
 * float32 unless the value lies that close to the middle of two: those, and very large or small exponents, go
 * through `Number`.
 */

const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const HIGH_DIGITS = 9;
const LOW_DIGITS = 5;
/** Bound on the relative error of a value that was cut after 14 digits, with room to spare. */
const CUT_ERROR = 2e-13;

const ZERO = 48;
const NINE = 57;
const MINUS = 45;
const PLUS = 43;
const POINT = 46;
const LOWER_E = 101;

/** The float32 value of the well-formed JSON number that starts at `at`. */
export function readFloat32(bytes: Buffer, at: number): number {
  let i = at;
  let c = bytes[i] ?? 0;
  const isNegative = c === MINUS;
  if (isNegative) c = bytes[++i] ?? 0;
  let high = 0;
  let low = 0;
  let highDigits = 0;
  let lowDigits = 0;
  let exponent = 0;
  let isCut = false;
  while (c >= ZERO && c <= NINE) {
    if (highDigits < HIGH_DIGITS) {
      high = (high * 10 + c - ZERO) | 0;
      if (high !== 0) highDigits++;
    } else if (lowDigits < LOW_DIGITS) {
      low = (low * 10 + c - ZERO) | 0;
      lowDigits++;
    } else {
      exponent++;
      isCut = true;
    }
    c = bytes[++i] ?? 0;
  }
  if (c === POINT) {
    c = bytes[++i] ?? 0;
    while (c >= ZERO && c <= NINE && highDigits < HIGH_DIGITS) {
      high = (high * 10 + c - ZERO) | 0;
      if (high !== 0) highDigits++;
      exponent--;
      c = bytes[++i] ?? 0;
    }
    while (c >= ZERO && c <= NINE && lowDigits < LOW_DIGITS) {
      low = (low * 10 + c - ZERO) | 0;
      lowDigits++;
      exponent--;
      c = bytes[++i] ?? 0;
    }
    while (c >= ZERO && c <= NINE) {
      isCut = true;
      c = bytes[++i] ?? 0;
    }
  }
  if ((c | 32) === LOWER_E) {
    const end = endOfExponent(bytes, i + 1);
    exponent += Number(bytes.toString('latin1', i + 1, end));
    i = end;
  }
  if (exponent < -22 || exponent > 22) return Math.fround(Number(bytes.toString('latin1', at, i)));
  const digits = lowDigits === 0 ? high : high * (POWERS_OF_TEN[lowDigits] ?? 1) + low;
  const value = exponent < 0 ? digits / (POWERS_OF_TEN[-exponent] ?? 1) : digits * (POWERS_OF_TEN[exponent] ?? 1);
  const rounded = Math.fround(value);
  if (isCut) {
    const isDecided =
      Math.fround(value * (1 - CUT_ERROR)) === rounded && Math.fround(value * (1 + CUT_ERROR)) === rounded;
    if (!isDecided) return Math.fround(Number(bytes.toString('latin1', at, i)));
  }
  return isNegative ? -rounded : rounded;
}

function endOfExponent(bytes: Buffer, from: number): number {
  let i = from;
  let c = bytes[i] ?? 0;
  if (c === PLUS || c === MINUS) c = bytes[++i] ?? 0;
  while (c >= ZERO && c <= NINE) c = bytes[++i] ?? 0;
  return i;
}
