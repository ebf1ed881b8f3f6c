import { FltsError } from '../contract/index.js';
import { writeTimeFeatures } from '../domain/forecast/index.js';
import type { ModelSpec, SpecColumn } from './model-spec.js';
import { clip, listNames, quote } from './payload-text.js';
import { readTimestamps, type TimeWindow } from './read-timestamps.js';

/** One series, checked and turned into the model's input. */
export interface PreparedWindow {
  /** The series' own name; null for a request with `data`. */
  readonly id: string | null;
  /** float32 [lookback, features], raw units. */
  readonly window: Float32Array;
  /** Instant of the last row, ms since 1970 UTC. */
  readonly lastMs: number;
  /** Whether answers leave out the offset, as the request did. */
  readonly naive: boolean;
  readonly warnings: readonly string[];
}

const TIMESTAMP_COLUMNS = ['ts', 'timestamp', 'time', 'date'] as const;
/** More empty cells than this of one column inside the window are too many to fill. */
export const MAX_EMPTY_CELLS = 3;
const FLOAT32_MAX = 3.4028234663852886e38;

type Columns = Readonly<Record<string, readonly unknown[]>>;

/**
 * Checks one `data` object and forms its window. The checks, their order and their texts are CONTRACT §1's; each
 * failure is a FltsError of status 400. Only the last `lookback` rows become numbers, the others are checked.
 */
export function prepareWindow(
  spec: ModelSpec,
  data: unknown,
  indexColumn: unknown,
  horizon: number,
  id: string | null,
): PreparedWindow {
  const columns = asColumns(data);
  const names = Object.keys(columns);
  const indexName = findIndexColumn(columns, indexColumn);
  const rows = rejectUnequalLengths(columns, names, indexName);
  if (rows === 0) throw new FltsError('FLTS_NO_ROWS', 'Request data must include at least one row');
  if (indexName === null) {
    throw new FltsError(
      'FLTS_NO_TIMESTAMP_COLUMN',
      'Request must include a timestamp column (index_col or ts/time/timestamp)',
    );
  }
  const time = readTimestamps(indexName, columns[indexName] ?? [], spec.stepMs, spec.lookback, horizon);
  const warnings: string[] = [];
  const window = readFeatures(spec, columns, time, warnings);
  if (rows < spec.lookback) {
    throw new FltsError('FLTS_TOO_FEW_ROWS', `Expected at least ${spec.lookback} rows, got ${rows}`);
  }
  if (spec.timeFeature >= 0) {
    for (let i = 0; i < spec.lookback; i++) {
      writeTimeFeatures(time.timesMs[i] ?? 0, window, i * spec.features + spec.timeFeature);
    }
  }
  warnAboutUnknown(spec, names, indexName, warnings);
  return { id, window, lastMs: time.timesMs[spec.lookback - 1] ?? 0, naive: time.naive, warnings };
}

function asColumns(data: unknown): Columns {
  const notColumns = (): FltsError =>
    new FltsError('FLTS_DATA_NOT_COLUMNS', "'data' must be an object mapping column names to arrays");
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw notColumns();
  for (const cells of Object.values(data)) if (!Array.isArray(cells)) throw notColumns();
  return data as Columns;
}

function findIndexColumn(columns: Columns, indexColumn: unknown): string | null {
  if (indexColumn !== undefined && indexColumn !== null) {
    if (typeof indexColumn !== 'string') {
      throw new FltsError('FLTS_BAD_PARAMETER', `'index_col' must be the name of a column, got ${quote(indexColumn)}`);
    }
    return Object.hasOwn(columns, indexColumn) ? indexColumn : null;
  }
  return TIMESTAMP_COLUMNS.find((name) => Object.hasOwn(columns, name)) ?? null;
}

function rejectUnequalLengths(columns: Columns, names: readonly string[], indexName: string | null): number {
  const reference = indexName ?? names[0] ?? '';
  const rows = columns[reference]?.length ?? 0;
  for (const name of names) {
    const length = columns[name]?.length ?? 0;
    if (length === rows) continue;
    throw new FltsError(
      'FLTS_LENGTHS_DIFFER',
      `Failed to interpret 'data' payload: all arrays must be of the same length (${clip(reference)}: ${rows}, ${clip(name)}: ${length})`,
    );
  }
  return rows;
}

/** Checks every cell of the feature columns, and writes the rows of the window. */
function readFeatures(spec: ModelSpec, columns: Columns, time: TimeWindow, warnings: string[]): Float32Array {
  const missing = spec.columns.filter((column) => !Object.hasOwn(columns, column.name)).map((column) => column.name);
  if (missing.length > 0) {
    throw new FltsError('FLTS_MISSING_FEATURES', `Missing required feature columns: ${missing.join(', ')}`);
  }
  const nonNumeric: string[] = [];
  const outOfRange: string[] = [];
  for (const column of spec.columns) {
    const worst = checkCells(columns[column.name] ?? []);
    if (worst === Cell.nonNumeric) nonNumeric.push(column.name);
    else if (worst === Cell.outOfRange) outOfRange.push(column.name);
  }
  if (nonNumeric.length > 0) {
    throw new FltsError('FLTS_NON_NUMERIC', `Columns contain non-numeric values: ${nonNumeric.join(', ')}`);
  }
  if (outOfRange.length > 0) {
    throw new FltsError('FLTS_OUT_OF_RANGE', `Columns contain numbers beyond float32: ${outOfRange.join(', ')}`);
  }

  const window = new Float32Array(spec.lookback * spec.features);
  const tooEmpty: string[] = [];
  for (const column of spec.columns) {
    const empty = writeColumn(spec, column, columns[column.name] ?? [], time.rows, window);
    if (empty > MAX_EMPTY_CELLS) tooEmpty.push(column.name);
    else if (empty > 0) {
      const cells = empty === 1 ? '1 empty cell' : `${empty} empty cells`;
      warnings.push(`Column '${column.name}': ${cells} in the last ${spec.lookback} rows filled with ${column.fill}`);
    }
  }
  if (tooEmpty.length > 0) {
    throw new FltsError(
      'FLTS_MISSING_VALUES',
      `Columns have missing values in the last ${spec.lookback} rows: ${tooEmpty.join(', ')}`,
    );
  }
  return window;
}

const Cell = { fine: 0, outOfRange: 1, nonNumeric: 2 } as const;
type CellState = (typeof Cell)[keyof typeof Cell];

/** The worst state of a column's cells; empty cells are fine. */
function checkCells(cells: readonly unknown[]): CellState {
  let worst: CellState = Cell.fine;
  for (const cell of cells) {
    if (typeof cell === 'number') {
      if (!(Math.abs(cell) <= FLOAT32_MAX)) worst = Cell.outOfRange;
    } else if (typeof cell === 'string') {
      if (cell === '') continue;
      if (!isNumericText(cell)) return Cell.nonNumeric;
      if (!(Math.abs(Number(cell)) <= FLOAT32_MAX)) worst = Cell.outOfRange;
    } else if (cell !== null) {
      return Cell.nonNumeric;
    }
  }
  return worst;
}

/** Decimal numbers as JSON and CSV write them: no hexadecimal, no NaN, no spaces. */
const NUMERIC_TEXT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

function isNumericText(text: string): boolean {
  return NUMERIC_TEXT.test(text);
}

/** Writes the column's cells of the window's rows; returns how many were empty. Cells are checked already. */
function writeColumn(
  spec: ModelSpec,
  column: SpecColumn,
  cells: readonly unknown[],
  rows: Uint32Array,
  window: Float32Array,
): number {
  let empty = 0;
  let at = column.feature;
  for (const row of rows) {
    const cell = cells[row];
    if (typeof cell === 'number') window[at] = cell;
    else if (typeof cell === 'string' && cell !== '') window[at] = Number(cell);
    else {
      window[at] = column.fill;
      empty++;
    }
    at += spec.features;
  }
  return empty;
}

function warnAboutUnknown(spec: ModelSpec, names: readonly string[], indexName: string, warnings: string[]): void {
  if (names.length === spec.columnNames.size + 1 && !spec.columnNames.has(indexName)) return;
  const unknown = names.filter((name) => name !== indexName && !spec.columnNames.has(name)).sort();
  if (unknown.length > 0) warnings.push(`Unknown columns ignored: ${listNames(unknown)}`);
}
