import { readFile } from 'node:fs/promises';
import { FltsError } from '../../contract/index.js';
import { parseTimestampMs } from '../../domain/forecast/index.js';
import type { WindowTable } from './window-table.js';

const TIME_COLUMNS = ['ts', 'timestamp', 'time', 'date'];
/** Rows beyond these are not read: they would only cost memory. */
const ROWS_MAX = 200_000;

interface Row {
  readonly ms: number;
  readonly cells: readonly string[];
}

function bad(path: string, line: number, text: string): FltsError {
  return new FltsError('FLTS_CSV', `${path}, line ${line}: ${text}.`);
}

/** One row, or null when a cell is empty: windows are cut from complete rows only. */
function readRow(path: string, line: number, cells: string[], time: number, columns: readonly number[]): Row | null {
  const ms = parseTimestampMs(cells[time] ?? '');
  if (Number.isNaN(ms)) throw bad(path, line, `"${cells[time] ?? ''}" is not a timestamp`);
  const numbers: string[] = [];
  for (const column of columns) {
    const cell = (cells[column] ?? '').trim();
    if (cell === '') return null;
    const value = Number(cell);
    if (!Number.isFinite(value)) throw bad(path, line, `"${cell}" is not a number`);
    numbers.push(JSON.stringify(value));
  }
  return { ms, cells: numbers };
}

/** First rows of the windows whose rows are all one step apart. */
function evenStarts(timesMs: readonly number[], rows: number, stepMs: number): number[] {
  const starts: number[] = [];
  let run = 1;
  for (let i = 0; i < timesMs.length; i++) {
    run = i > 0 && (timesMs[i] ?? 0) - (timesMs[i - 1] ?? 0) === stepMs ? run + 1 : 1;
    if (run >= rows) starts.push(i - rows + 1);
  }
  return starts;
}

/**
 * Windows from the rows of a CSV file: complete rows only, evenly spaced within a window. Throws FLTS_FILE_NOT_FOUND,
 * FLTS_CSV with the line, and FLTS_TOO_LITTLE_DATA when no window can be cut.
 */
export async function csvWindows(
  path: string,
  settings: {
    readonly columns: readonly string[] | null;
    readonly rows: number;
    readonly stepS: number;
    readonly horizon: number;
  },
): Promise<WindowTable> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new FltsError('FLTS_FILE_NOT_FOUND', `The data file ${path} cannot be read.`, { cause });
  });
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/, ROWS_MAX + 1);
  const header = (lines[0] ?? '').split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const time = header.findIndex((name) => TIME_COLUMNS.includes(name.toLowerCase()));
  if (time < 0) throw bad(path, 1, `no timestamp column (one of ${TIME_COLUMNS.join(', ')})`);
  const columns = settings.columns ?? header.filter((name, i) => i !== time && name !== '');
  const places = columns.map((name) => {
    const place = header.indexOf(name);
    if (place < 0) throw bad(path, 1, `there is no column "${name}"`);
    return place;
  });
  const rows: Row[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line.trim() === '') continue;
    const row = readRow(path, i + 1, line.split(','), time, places);
    if (row !== null) rows.push(row);
  }
  rows.sort((a, b) => a.ms - b.ms);
  const timesMs = rows.map((row) => row.ms);
  const starts = evenStarts(timesMs, settings.rows, settings.stepS * 1000);
  if (starts.length === 0) {
    throw new FltsError(
      'FLTS_TOO_LITTLE_DATA',
      `${path} has no ${settings.rows} complete rows in a row that are ${settings.stepS} seconds apart.`,
    );
  }
  const cells = columns.map((_, column) => rows.map((row) => row.cells[column] ?? '0'));
  return { columns, cells, timesMs, starts, rows: settings.rows, stepS: settings.stepS, horizon: settings.horizon };
}
