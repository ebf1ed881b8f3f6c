import type { Series } from './series.js';

/** Rows as a file has them: any order, NaN for an empty cell. */
export interface RawTable {
  readonly columns: readonly string[];
  readonly timesMs: Float64Array;
  /** Row-major [rows][columns]; NaN is an empty cell. */
  readonly cells: Float64Array;
}

/** What cleaning changed and left out; printed to the user and kept in the bundle. */
export interface CleaningAccount {
  readonly rowsRead: number;
  readonly rowsOut: number;
  /** Empty cells that became 0, by column; columns without any are left out. */
  readonly emptyCells: Readonly<Record<string, number>>;
  /** Negative cells that became 0: counts and shares cannot be negative. */
  readonly negativeCells: number;
  /** Rows that stood after a later one. */
  readonly unsortedRows: number;
  /** Rows that repeat a timestamp; the first one stays. */
  readonly duplicateRows: number;
  /** Runs of missing timestamps, bridged by repeating the row before; not trained on. */
  readonly gaps: readonly RowBlock[];
  /** Runs of rows without any signal; kept as zeros, not trained on. */
  readonly outages: readonly RowBlock[];
}

/** A run of rows of the cleaned series. */
export interface RowBlock {
  readonly startMs: number;
  readonly rows: number;
}

/** Rows that cannot become an even series; the message is one clause that names what is wrong and where. */
export class SeriesError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SeriesError';
  }
}

/** The value that an empty cell becomes: no use of the uplink leaves its quality cells empty (CONTRACT §4, fill). */
export const EMPTY_CELL_VALUE = 0;
/** Shorter runs of zero rows may be quiet traffic; longer ones are an outage. */
export const OUTAGE_ROWS_MIN = 5;
/** A series may at most grow by this factor when gaps are bridged; beyond it the file is not one series. */
const GROWTH_MAX = 2;

/**
 * Makes an even series of a file's rows: sorted, duplicates dropped, empty cells filled, gaps bridged, outages
 * marked. The step is the most frequent difference of neighbouring timestamps. Throws SeriesError for fewer than two
 * rows, timestamps off the even step, or gaps that would double the series.
 */
export function cleanSeries(raw: RawTable): { series: Series; account: CleaningAccount } {
  const order = sortedRows(raw.timesMs);
  const unsortedRows = countUnsorted(raw.timesMs);
  const kept = order.filter((row, i) => i === 0 || raw.timesMs[row] !== raw.timesMs[order[i - 1] ?? row]);
  if (kept.length < 2) throw new SeriesError('it has fewer than two rows with different timestamps');
  const stepMs = usualStep(kept.map((row) => raw.timesMs[row] ?? 0));
  const { series, gaps } = layOut(raw, kept, stepMs);
  const counts = fillCells(series);
  const outages = markOutages(series);
  return {
    series,
    account: {
      rowsRead: raw.timesMs.length,
      rowsOut: series.rows,
      emptyCells: counts.emptyCells,
      negativeCells: counts.negativeCells,
      unsortedRows,
      duplicateRows: order.length - kept.length,
      gaps,
      outages,
    },
  };
}

function sortedRows(timesMs: Float64Array): number[] {
  // Array.prototype.sort is stable: of equal timestamps the one that stood first stays first.
  return Array.from(timesMs.keys()).sort((a, b) => (timesMs[a] ?? 0) - (timesMs[b] ?? 0));
}

function countUnsorted(timesMs: Float64Array): number {
  let latest = Number.NEGATIVE_INFINITY;
  let unsorted = 0;
  for (const time of timesMs) {
    if (time < latest) unsorted++;
    else latest = time;
  }
  return unsorted;
}

function usualStep(timesMs: readonly number[]): number {
  const counts = new Map<number, number>();
  for (let i = 1; i < timesMs.length; i++) {
    const step = (timesMs[i] ?? 0) - (timesMs[i - 1] ?? 0);
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  let best = 0;
  let bestCount = 0;
  for (const [step, count] of counts) {
    if (count > bestCount || (count === bestCount && step < best)) {
      best = step;
      bestCount = count;
    }
  }
  return best;
}

/** Puts rows on the even grid; rows between are copies of the row before, marked. */
function layOut(raw: RawTable, kept: readonly number[], stepMs: number): { series: Series; gaps: RowBlock[] } {
  const width = raw.columns.length;
  const startMs = raw.timesMs[kept[0] ?? 0] ?? 0;
  const endMs = raw.timesMs[kept[kept.length - 1] ?? 0] ?? 0;
  const rows = Math.round((endMs - startMs) / stepMs) + 1;
  if (rows > kept.length * GROWTH_MAX) {
    throw new SeriesError(
      `${rows - kept.length} of ${rows} rows are missing at the step of ${stepMs / 1000} s: it is not one even series`,
    );
  }
  const values = new Float64Array(rows * width);
  const excluded = new Uint8Array(rows);
  const gaps: RowBlock[] = [];
  let next = 0;
  for (const from of kept) {
    const offset = ((raw.timesMs[from] ?? 0) - startMs) / stepMs;
    if (!Number.isInteger(offset)) {
      throw new SeriesError(`row ${from + 1} is off the even step of ${stepMs / 1000} s that the other rows keep`);
    }
    if (offset > next) gaps.push({ startMs: startMs + next * stepMs, rows: offset - next });
    for (; next < offset; next++) {
      values.copyWithin(next * width, (next - 1) * width, next * width);
      excluded[next] = 1;
    }
    values.set(raw.cells.subarray(from * width, (from + 1) * width), next * width);
    next++;
  }
  return { series: { startMs, stepMs, rows, columns: raw.columns, values, excluded }, gaps };
}

function fillCells(series: Series): Pick<CleaningAccount, 'emptyCells' | 'negativeCells'> {
  const width = series.columns.length;
  const emptyCells: Record<string, number> = {};
  let negativeCells = 0;
  for (let i = 0; i < series.values.length; i++) {
    const value = series.values[i] ?? 0;
    const bridged = series.excluded[Math.floor(i / width)] === 1;
    if (Number.isNaN(value)) {
      series.values[i] = EMPTY_CELL_VALUE;
      const column = series.columns[i % width] ?? '';
      if (!bridged) emptyCells[column] = (emptyCells[column] ?? 0) + 1;
    } else if (value < 0) {
      series.values[i] = 0;
      if (!bridged) negativeCells++;
    }
  }
  return { emptyCells, negativeCells };
}

function markOutages(series: Series): RowBlock[] {
  const width = series.columns.length;
  const outages: RowBlock[] = [];
  let run = 0;
  for (let row = 0; row <= series.rows; row++) {
    const silent =
      row < series.rows && series.values.subarray(row * width, (row + 1) * width).every((value) => value === 0);
    if (silent) {
      run++;
      continue;
    }
    if (run >= OUTAGE_ROWS_MIN) {
      outages.push({ startMs: series.startMs + (row - run) * series.stepMs, rows: run });
      series.excluded.fill(1, row - run, row);
    }
    run = 0;
  }
  return outages;
}
