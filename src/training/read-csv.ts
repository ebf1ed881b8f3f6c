import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { FltsError } from '../contract/index.js';
import { parseTimestampMs, type RawTable } from '../domain/forecast/index.js';

/** Largest CSV file, bytes: about two million rows of cell traffic. */
export const CSV_BYTES_MAX = 512 * 1024 * 1024;
const COLUMNS_MAX = 200;
/** As much of a bad cell as a message shows. */
const SHOWN_CHARACTERS = 40;
const TIME_COLUMNS = ['ts', 'timestamp', 'time', 'date'] as const;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const FLOAT32_MAX = 3.4028234663852886e38;

/** A CSV file as rows, and which file it was. */
export interface CsvFile {
  readonly name: string;
  readonly rows: number;
  readonly sha256: string;
  readonly table: RawTable;
}

/**
 * Reads a comma-separated file: a header with one time column (ts, timestamp, time or date) and number columns. Cells
 * may be quoted or empty; times are ISO 8601. Throws FLTS_CSV that names the line (the first is 1) and column of what
 * cannot be read, FLTS_FILE_NOT_FOUND when there is no such file.
 */
export async function readCsv(path: string): Promise<CsvFile> {
  const bytes = await readBounded(path);
  const name = basename(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const table = parseCsv(decodeUtf8(bytes, path), path);
  return { name, rows: table.timesMs.length, sha256, table };
}

async function readBounded(path: string): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new FltsError('FLTS_FILE_NOT_FOUND', `${path} does not exist.`, { cause: error });
    throw error;
  });
  try {
    const stat = await file.stat();
    if (stat.size > CSV_BYTES_MAX) {
      throw new FltsError('FLTS_CSV', `${path} has ${stat.size} bytes; at most ${CSV_BYTES_MAX} are read.`, {
        remedy: 'Split it by time and give the parts that matter.',
      });
    }
    if (stat.isDirectory())
      throw new FltsError('FLTS_CSV', `${path} is a folder, not a CSV file.`, { remedy: 'Name the file.' });
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function decodeUtf8(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FltsError('FLTS_CSV', `${path} is not a text file in UTF-8.`, { cause });
  }
}

/** The rows of CSV text; `place` is named in messages. */
export function parseCsv(text: string, place: string): RawTable {
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.length > 0 && lines[lines.length - 1]?.trim() === '') lines.pop();
  const header = splitLine(lines[0] ?? '', place, 1).map((cell) => cell.trim());
  const timeColumn = checkHeader(header, place);
  const columns = header.filter((_, i) => i !== timeColumn);
  const rows = lines.length - 1;
  if (rows === 0) throw new FltsError('FLTS_CSV', `${place} has a header but no rows.`);
  const timesMs = new Float64Array(rows);
  const cells = new Float64Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    const line = row + 2;
    const parts = splitLine(lines[row + 1] ?? '', place, line);
    if (parts.length !== header.length) {
      throw new FltsError(
        'FLTS_CSV',
        `${place}, line ${line}: ${parts.length} cells, but the header has ${header.length}.`,
      );
    }
    let at = row * columns.length;
    for (let i = 0; i < parts.length; i++) {
      const cell = (parts[i] ?? '').trim();
      if (i === timeColumn) timesMs[row] = readTime(cell, place, line, header[i] ?? '');
      else cells[at++] = readNumber(cell, place, line, header[i] ?? '');
    }
  }
  return { columns, timesMs, cells };
}

/** Position of the time column; throws when the header cannot be used. */
function checkHeader(header: readonly string[], place: string): number {
  const bad = (why: string): FltsError =>
    new FltsError('FLTS_CSV', `${place}, line 1: ${why}.`, {
      remedy: 'The first line names the columns: a time column (ts, timestamp, time or date) and number columns.',
    });
  if (header.length > COLUMNS_MAX) throw bad(`${header.length} columns, at most ${COLUMNS_MAX} are read`);
  const empty = header.indexOf('');
  if (empty >= 0) throw bad(`column ${empty + 1} has no name`);
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice !== undefined) throw bad(`column ${show(twice)} is there twice`);
  const time = TIME_COLUMNS.find((name) => header.includes(name));
  if (time === undefined) throw bad('no column is called ts, timestamp, time or date');
  if (header.length < 2) throw bad('there is no column beside the time');
  return header.indexOf(time);
}

function readTime(cell: string, place: string, line: number, column: string): number {
  const time = parseTimestampMs(cell);
  if (!Number.isNaN(time)) return time;
  throw new FltsError('FLTS_CSV', `${place}, line ${line}, column ${show(column)}: ${show(cell)} is not a time.`);
}

function readNumber(cell: string, place: string, line: number, column: string): number {
  if (cell === '') return Number.NaN;
  const value = NUMBER.test(cell) ? Number(cell) : Number.NaN;
  if (Math.abs(value) <= FLOAT32_MAX) return value;
  const why = Number.isNaN(value) ? 'is not a number' : 'is beyond the range of float32, in which models compute';
  throw new FltsError('FLTS_CSV', `${place}, line ${line}, column ${show(column)}: ${show(cell)} ${why}.`);
}

/** Cells of one line. A quoted cell may hold commas and doubled quotes, but no line break. */
function splitLine(line: string, place: string, number: number): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at);
      cells.push(comma < 0 ? line.slice(at) : line.slice(at, comma));
      if (comma < 0) return cells;
      at = comma + 1;
      continue;
    }
    const match = /"((?:[^"]|"")*)"(,|$)/y;
    match.lastIndex = at;
    const found = match.exec(line);
    if (found === null) throw new FltsError('FLTS_CSV', `${place}, line ${number}: a quote is not closed.`);
    cells.push((found[1] ?? '').replaceAll('""', '"'));
    if (found[2] === '') return cells;
    at = match.lastIndex;
  }
}

function show(text: string): string {
  return `'${text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text}'`;
}
