import { parseTimestampMs, writeTimeFeatures } from '../domain/forecast/index.js';
import type { ModelSpec } from './model-spec.js';
import { readFloat32 } from './number-scanner.js';
import type { PreparedRequest } from './prepare-request.js';

/**
 * A second, faster way from a body's bytes to a prepared request, for the common shape only: one `data` object with
 * exactly the model's columns, plain numbers, rows in order and one step apart, naive timestamps of seconds. No
 * strings, no objects per row, and only the last `lookback` rows become numbers; the others are checked.
 *
 * It never refuses a request. Whatever is not of that shape, wrong or merely unusual, is left to the plain path
 * (`JSON.parse`, `prepareRequest`), which alone decides on errors. Guarantee: where it answers, it answers what the
 * plain path would, bit for bit. A differential fuzz test holds the two against each other.
 */

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const LOWER_E = 101;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Longer keys are none of ours. */
const MAX_KEY_CHARS = 64;
/** With fewer characters and no positive exponent a number cannot leave the range of float32. */
const MAX_NUMBER_CHARS = 38;
/** `YYYY-MM-DD HH:MM:SS` between two quotes. */
const TIMESTAMP_CHARS = 19;
/** Timestamps later than this are left to the plain path, which knows the end of the calendar. */
const LATEST_MS = 250_000_000_000_000;
const DAY_CHARS = 10;
const NOT_COMMON = -1;

const TIMESTAMP_KEYS: readonly string[] = ['ts', 'timestamp', 'time', 'date'];

interface ColumnKey {
  readonly bytes: Buffer;
  /** Position in the window's features, or -1 for a timestamp column. */
  readonly feature: number;
  /** Position in `#seen`. */
  readonly slot: number;
}

export class BodyScanner {
  readonly #spec: ModelSpec;
  readonly #keysByLength: ColumnKey[][] = [];
  readonly #seen: Uint8Array;
  readonly #timestampSlot: number;
  /** Where the last `lookback` cells of the running column start: a ring. */
  readonly #starts: Int32Array;
  #ringAt = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #rows = 0;
  #lastMs = 0;
  #horizon = 1;
  #maxHorizon = 1;

  constructor(spec: ModelSpec) {
    this.#spec = spec;
    this.#starts = new Int32Array(spec.lookback);
    this.#timestampSlot = spec.columns.length;
    this.#seen = new Uint8Array(spec.columns.length + 1);
    const add = (name: string, feature: number, slot: number): void => {
      const bytes = Buffer.from(name, 'utf8');
      if (bytes.length <= MAX_KEY_CHARS) (this.#keysByLength[bytes.length] ??= []).push({ bytes, feature, slot });
    };
    spec.columns.forEach((column, slot) => {
      add(column.name, column.feature, slot);
    });
    // A feature that is called like a timestamp column makes the shape uncommon.
    for (const name of TIMESTAMP_KEYS) if (!spec.columnNames.has(name)) add(name, -1, this.#timestampSlot);
  }

  /**
   * The request, or null when the plain path has to look at it. `body` is only read. Forecasts of more than
   * `maxHorizon` steps, or beyond what the model can, are left to the plain path.
   */
  scan(body: Buffer, maxHorizon: number): PreparedRequest | null {
    this.#maxHorizon = Math.min(maxHorizon, this.#spec.horizonMax);
    this.#bytes = body;
    this.#at = 0;
    this.#horizon = 1;
    const window = new Float32Array(this.#spec.lookback * this.#spec.features);
    if (!this.#scanTop(window)) return null;
    const spec = this.#spec;
    if (spec.timeFeature >= 0) {
      for (let i = 0; i < spec.lookback; i++) {
        const timeMs = this.#lastMs - (spec.lookback - 1 - i) * spec.stepMs;
        writeTimeFeatures(timeMs, window, i * spec.features + spec.timeFeature);
      }
    }
    const prepared = { id: null, window, lastMs: this.#lastMs, naive: true, warnings: [] };
    return { kind: 'data', windows: [prepared], horizon: this.#horizon, levels: [] };
  }

  #scanTop(window: Float32Array): boolean {
    if (!this.#take(OPEN_BRACE)) return false;
    let hasData = false;
    let hasHorizon = false;
    do {
      if (!hasData && this.#takeKey('data')) {
        hasData = true;
        if (!this.#scanData(window)) return false;
      } else if (!hasHorizon && this.#takeKey('inference_length')) {
        hasHorizon = true;
        if (!this.#scanHorizon()) return false;
      } else {
        return false;
      }
    } while (this.#take(COMMA));
    return hasData && this.#take(CLOSE_BRACE) && this.#skipSpace() === this.#bytes.length;
  }

  /** 1..9999 as plain digits. */
  #scanHorizon(): boolean {
    const from = this.#skipSpace();
    let value = 0;
    let i = from;
    for (let c = this.#bytes[i] ?? 0; c >= ZERO && c <= NINE && i - from < 5; c = this.#bytes[++i] ?? 0) {
      value = value * 10 + c - ZERO;
    }
    this.#at = i;
    this.#horizon = value;
    return i > from && i - from < 5 && this.#bytes[from] !== ZERO && value <= this.#maxHorizon;
  }

  #scanData(window: Float32Array): boolean {
    if (!this.#take(OPEN_BRACE)) return false;
    this.#seen.fill(0);
    let columns = 0;
    let rows = -1;
    do {
      const key = this.#scanColumnKey();
      if (key === null || this.#seen[key.slot] === 1) return false;
      this.#seen[key.slot] = 1;
      columns++;
      if (!this.#take(COLON) || !this.#take(OPEN_BRACKET)) return false;
      const end = key.feature < 0 ? this.#scanTimestamps(this.#at) : this.#scanNumbers(this.#at);
      if (end === NOT_COMMON || (rows >= 0 && rows !== this.#rows) || this.#rows < this.#spec.lookback) return false;
      rows = this.#rows;
      this.#at = end;
      if (key.feature >= 0) this.#writeColumn(window, key.feature);
    } while (this.#take(COMMA));
    return columns === this.#seen.length && this.#take(CLOSE_BRACE);
  }

  /** The column that the next key names; null when it is none of the model's. */
  #scanColumnKey(): ColumnKey | null {
    const bytes = this.#bytes;
    if (!this.#take(QUOTE)) return null;
    const from = this.#at;
    let end = from;
    for (let c = bytes[end] ?? 0; c !== QUOTE; c = bytes[++end] ?? 0) {
      if (c === BACKSLASH || c === 0 || end - from > MAX_KEY_CHARS) return null;
    }
    this.#at = end + 1;
    for (const key of this.#keysByLength[end - from] ?? []) {
      let i = 0;
      while (i < key.bytes.length && key.bytes[i] === bytes[from + i]) i++;
      if (i === key.bytes.length) return key;
    }
    return null;
  }

  /**
   * The grammar of JSON numbers, cell by cell, from behind `[`; remembers where the last cells start. One long loop
   * without calls: it sees every byte of the body's larger part.
   */
  #scanNumbers(from: number): number {
    const bytes = this.#bytes;
    const starts = this.#starts;
    const lookback = starts.length;
    let at = from;
    let c = bytes[at] ?? 0;
    let ring = 0;
    let rows = 0;
    for (;;) {
      while (c === 32 || c === 10 || c === 13 || c === 9) c = bytes[++at] ?? 0;
      const start = at;
      starts[ring] = start;
      if (++ring === lookback) ring = 0;
      rows++;
      if (c === MINUS) c = bytes[++at] ?? 0;
      if (c === ZERO) {
        c = bytes[++at] ?? 0;
      } else {
        if (!(c > ZERO && c <= NINE)) return NOT_COMMON;
        do c = bytes[++at] ?? 0;
        while (c >= ZERO && c <= NINE);
      }
      if (c === POINT) {
        c = bytes[++at] ?? 0;
        if (!(c >= ZERO && c <= NINE)) return NOT_COMMON;
        do c = bytes[++at] ?? 0;
        while (c >= ZERO && c <= NINE);
      }
      if ((c | 32) === LOWER_E) {
        c = bytes[++at] ?? 0;
        // Positive exponents may leave the range of float32.
        if (c !== MINUS) return NOT_COMMON;
        c = bytes[++at] ?? 0;
        if (!(c >= ZERO && c <= NINE)) return NOT_COMMON;
        do c = bytes[++at] ?? 0;
        while (c >= ZERO && c <= NINE);
      }
      if (at - start > MAX_NUMBER_CHARS) return NOT_COMMON;
      while (c === 32 || c === 10 || c === 13 || c === 9) c = bytes[++at] ?? 0;
      if (c === COMMA) c = bytes[++at] ?? 0;
      else if (c === CLOSE_BRACKET) break;
      else return NOT_COMMON;
    }
    this.#rows = rows;
    this.#ringAt = ring;
    return at + 1;
  }

  #writeColumn(window: Float32Array, feature: number): void {
    const { lookback, features } = this.#spec;
    let ring = this.#ringAt;
    for (let row = 0, at = feature; row < lookback; row++, at += features) {
      readFloat32(this.#bytes, this.#starts[ring] ?? 0, window, at);
      if (++ring === lookback) ring = 0;
    }
  }

  /** Timestamps one step apart, oldest first, from behind `[`. */
  #scanTimestamps(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    let rows = 0;
    let dayMs = 0;
    let dayAt = NOT_COMMON;
    let lastMs = 0;
    for (;;) {
      this.#at = at;
      at = this.#skipSpace();
      const text = at + 1;
      if (bytes[at] !== QUOTE || bytes[text + TIMESTAMP_CHARS] !== QUOTE) return NOT_COMMON;
      if (dayAt === NOT_COMMON || !sameDay(bytes, dayAt, text)) {
        dayMs = parseTimestampMs(bytes.toString('latin1', text, text + DAY_CHARS));
        if (Number.isNaN(dayMs) || dayMs > LATEST_MS) return NOT_COMMON;
        dayAt = text;
      }
      const timeMs = dayMs + millisecondsOfDay(bytes, text + DAY_CHARS);
      // Also when the clock part cannot be read: then the difference is NaN.
      if (rows > 0 ? timeMs - lastMs !== this.#spec.stepMs : Number.isNaN(timeMs)) return NOT_COMMON;
      lastMs = timeMs;
      rows++;
      this.#at = text + TIMESTAMP_CHARS + 1;
      at = this.#skipSpace();
      if (bytes[at] === CLOSE_BRACKET) break;
      if (bytes[at] !== COMMA) return NOT_COMMON;
      at++;
    }
    this.#rows = rows;
    this.#lastMs = lastMs;
    return at + 1;
  }

  #skipSpace(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let c = bytes[at]; c === 32 || c === 10 || c === 13 || c === 9; c = bytes[++at]);
    this.#at = at;
    return at;
  }

  /** Takes one byte behind white space; false, and nothing but white space taken, when it is another. */
  #take(byte: number): boolean {
    const at = this.#skipSpace();
    if (this.#bytes[at] !== byte) return false;
    this.#at = at + 1;
    return true;
  }

  /** Takes `"name":`; false, and nothing but white space taken, when something else is there. */
  #takeKey(name: string): boolean {
    const at = this.#skipSpace();
    const end = at + name.length + 2;
    if (this.#bytes[at] !== QUOTE || this.#bytes[end - 1] !== QUOTE) return false;
    if (this.#bytes.toString('latin1', at + 1, end - 1) !== name) return false;
    this.#at = end;
    return this.#take(COLON);
  }
}

function sameDay(bytes: Buffer, a: number, b: number): boolean {
  // The day of the month changes most often, so it is looked at first.
  for (let i = DAY_CHARS - 1; i >= 0; i--) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

/** Of `[T ]HH:MM:SS` at `at`; NaN when it is not that. */
function millisecondsOfDay(bytes: Buffer, at: number): number {
  const separator = bytes[at];
  if ((separator !== 32 && separator !== 84) || bytes[at + 3] !== COLON || bytes[at + 6] !== COLON) return Number.NaN;
  const hours = twoDigits(bytes, at + 1);
  const minutes = twoDigits(bytes, at + 4);
  const seconds = twoDigits(bytes, at + 7);
  return hours <= 23 && minutes <= 59 && seconds <= 59 ? ((hours * 60 + minutes) * 60 + seconds) * 1000 : Number.NaN;
}

function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] ?? 0) - ZERO;
  const ones = (bytes[at + 1] ?? 0) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}
