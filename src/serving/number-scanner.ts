/**
 * Reads JSON numbers straight from bytes as float32, equal to `Math.fround(Number(text))` bit for bit, without making
 * strings.
 *
 * Up to 14 significant digits are gathered in two int32 sums: exact in float64, and with a power of ten up to 10²²
 * one correctly rounded operation away from the number (Clinger, "How to Read Floating Point Numbers Accurately",
 * 1990, the fast path). With more digits, or a larger power, the value is off by less than one part in 10¹³, which
 * decides a float32 unless the value lies that close to the middle of two: those, and powers beyond the table, go
 * through `Number`.
 */

/** Beyond 10²² the powers are themselves rounded, to one part in 10¹⁶. */
const POWERS_OF_TEN = Float64Array.from({ length: 61 }, (_, exponent) => Number(`1e${exponent}`));
const LARGEST_EXACT_POWER = 22;
const HIGH_DIGITS = 9;
const LOW_DIGITS = 5;
/** Bound on the relative error of a value that was cut after 14 digits or scaled by a rounded power, with room to spare. */
const CUT_ERROR = 2e-13;

const ZERO = 48;
const NINE = 57;
const MINUS = 45;
const PLUS = 43;
const POINT = 46;
const LOWER_E = 101;

/**
 * Writes the float32 value of the well-formed JSON number that starts at `at` to `into[place]`. A number given back
 * would be an object on the heap: the function is too large for V8 to inline it.
 */
export function readFloat32(bytes: Buffer, at: number, into: Float32Array, place: number): void {
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
    c = bytes[++i] ?? 0;
    const isBelowOne = c === MINUS;
    if (isBelowOne || c === PLUS) c = bytes[++i] ?? 0;
    let power = 0;
    // A longer exponent than any double has stays beyond the table.
    for (; c >= ZERO && c <= NINE; c = bytes[++i] ?? 0) power = Math.min(power * 10 + c - ZERO, 9999);
    exponent += isBelowOne ? -power : power;
  }
  const scale = Math.abs(exponent);
  if (scale >= POWERS_OF_TEN.length) {
    into[place] = Number(bytes.toString('latin1', at, i));
    return;
  }
  if (scale > LARGEST_EXACT_POWER) isCut = true;
  const digits = lowDigits === 0 ? high : high * (POWERS_OF_TEN[lowDigits] ?? 1) + low;
  const power = POWERS_OF_TEN[scale] ?? 1;
  const value = exponent < 0 ? digits / power : digits * power;
  const rounded = Math.fround(value);
  const isDecided =
    !isCut || (Math.fround(value * (1 - CUT_ERROR)) === rounded && Math.fround(value * (1 + CUT_ERROR)) === rounded);
  if (!isDecided) into[place] = Number(bytes.toString('latin1', at, i));
  else into[place] = isNegative ? -rounded : rounded;
}
