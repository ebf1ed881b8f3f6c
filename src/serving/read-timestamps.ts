import { FltsError } from '../contract/index.js';
import { hasOffset, parseTimestampMs } from '../domain/forecast/index.js';
import { describeStep, quote } from './payload-text.js';

/** Rows in time order that end a series, and when the last of them is. */
export interface TimeWindow {
  /** Positions in the payload of the last rows, oldest first; at most the lookback. */
  readonly rows: Uint32Array;
  /** Instant of each of `rows`, ms since 1970 UTC. */
  readonly timesMs: Float64Array;
  /** Whether the last row's timestamp names no offset: then the answer names none. */
  readonly naive: boolean;
}

/** Forecasts beyond the year 9999 have no timestamp that ISO 8601 writes with four digits. */
const END_OF_YEAR_9999_MS = 253_402_300_799_999;

/**
 * Reads the timestamp column `name`: every cell must be a readable timestamp, all distinct and `stepMs` apart once
 * sorted. Throws the errors of CONTRACT §1 in their order. Rows in messages count from 1, as sent.
 */
export function readTimestamps(
  name: string,
  cells: readonly unknown[],
  stepMs: number,
  lookback: number,
  horizon: number,
): TimeWindow {
  const timesMs = parseAll(name, cells);
  const sorted = isAscending(timesMs) ? timesMs : Float64Array.from(timesMs).sort();
  rejectDuplicates(cells, timesMs, sorted);
  rejectUnevenSteps(timesMs, sorted, stepMs);
  const lastMs = sorted[sorted.length - 1] ?? 0;
  if (lastMs + horizon * stepMs > END_OF_YEAR_9999_MS) {
    throw new FltsError('FLTS_BAD_TIMESTAMP', `Column '${name}' leads to forecasts beyond the year 9999`);
  }

  const count = Math.min(lookback, sorted.length);
  const rows = new Uint32Array(count);
  const first = sorted.length - count;
  if (sorted === timesMs) {
    for (let i = 0; i < count; i++) rows[i] = first + i;
  } else {
    // Steps are even by now, so a row's place in the window follows from its time: no sorting of rows is needed.
    const windowStartMs = sorted[first] ?? 0;
    for (let row = 0; row < timesMs.length; row++) {
      const timeMs = timesMs[row] ?? 0;
      if (timeMs >= windowStartMs) rows[Math.round((timeMs - windowStartMs) / stepMs)] = row;
    }
  }
  const lastCell = cells[rows[count - 1] ?? 0];
  return { rows, timesMs: sorted.subarray(first), naive: typeof lastCell === 'string' && !hasOffset(lastCell) };
}

function parseAll(name: string, cells: readonly unknown[]): Float64Array {
  const timesMs = new Float64Array(cells.length);
  for (let row = 0; row < cells.length; row++) {
    const cell = cells[row];
    const timeMs = typeof cell === 'string' ? parseTimestampMs(cell) : Number.NaN;
    if (Number.isNaN(timeMs)) {
      const where = `first in row ${row + 1}: ${quote(cell)}`;
      throw new FltsError('FLTS_BAD_TIMESTAMP', `Column '${name}' contains invalid timestamps (${where})`);
    }
    timesMs[row] = timeMs;
  }
  return timesMs;
}

function isAscending(timesMs: Float64Array): boolean {
  for (let i = 1; i < timesMs.length; i++) {
    if ((timesMs[i] ?? 0) < (timesMs[i - 1] ?? 0)) return false;
  }
  return true;
}

function rejectDuplicates(cells: readonly unknown[], timesMs: Float64Array, sorted: Float64Array): void {
  const count = sorted.length;
  if (count > 1 && sorted[0] === sorted[count - 1]) {
    throw new FltsError(
      'FLTS_TIMESTAMPS_IDENTICAL',
      `All ${count} timestamps are identical (${String(cells[0])}). Expected unique timestamps for time-series inference.`,
    );
  }
  for (let i = 1; i < count; i++) {
    const timeMs = sorted[i] ?? 0;
    if (timeMs !== sorted[i - 1]) continue;
    const first = timesMs.indexOf(timeMs);
    const second = timesMs.indexOf(timeMs, first + 1);
    throw new FltsError(
      'FLTS_TIMESTAMPS_DUPLICATE',
      `Rows ${first + 1} and ${second + 1} have the same timestamp (${String(cells[first])}). Expected unique timestamps for time-series inference.`,
    );
  }
}

function rejectUnevenSteps(timesMs: Float64Array, sorted: Float64Array, stepMs: number): void {
  let oddAt = 0;
  let even = true;
  for (let i = 1; i < sorted.length; i++) {
    const gapMs = (sorted[i] ?? 0) - (sorted[i - 1] ?? 0);
    if (oddAt === 0 && gapMs !== stepMs) oddAt = i;
    if (gapMs !== (sorted[1] ?? 0) - (sorted[0] ?? 0)) even = false;
  }
  if (oddAt === 0) return;
  const gap = describeStep((sorted[oddAt] ?? 0) - (sorted[oddAt - 1] ?? 0));
  const expected = `The model expects one row every ${describeStep(stepMs)}.`;
  if (even) throw new FltsError('FLTS_WRONG_FREQUENCY', `Rows are ${gap} apart. ${expected}`);
  const before = timesMs.indexOf(sorted[oddAt - 1] ?? 0) + 1;
  const after = timesMs.indexOf(sorted[oddAt] ?? 0) + 1;
  throw new FltsError('FLTS_TIMESTAMPS_UNEVEN', `Rows ${before} and ${after} are ${gap} apart. ${expected}`);
}
