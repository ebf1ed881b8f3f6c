import { FltsError } from '../contract/index.js';
import {
  type CleaningAccount,
  cleanSeries,
  type RawTable,
  type Series,
  SeriesError,
} from '../domain/forecast/index.js';
import { type CsvFile, readCsv } from './read-csv.js';

/** A cleaned series and where it came from. */
export interface LoadedSeries {
  readonly series: Series;
  readonly account: CleaningAccount;
  readonly sources: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[];
}

/**
 * Reads CSV files of one site as one series: files may be given in any order, their rows are put in order of time.
 * All must have the same columns. Throws FLTS_CSV that names the file and line, or what keeps the rows from being one
 * even series.
 */
export async function loadSeries(paths: readonly string[]): Promise<LoadedSeries> {
  const files: CsvFile[] = [];
  for (const path of paths) files.push(await readCsv(path));
  try {
    const { series, account } = cleanSeries(joinTables(files));
    return { series, account, sources: files.map(({ name, rows, sha256 }) => ({ name, rows, sha256 })) };
  } catch (error) {
    if (!(error instanceof SeriesError)) throw error;
    const names = files.map(({ name }) => name).join(', ');
    throw new FltsError('FLTS_CSV', `${names} cannot be used as one series: ${error.message}.`, {
      remedy: 'Give rows of one site at an even step; split the file where it has long gaps.',
    });
  }
}

function joinTables(files: readonly CsvFile[]): RawTable {
  const [first, ...others] = files;
  if (first === undefined) throw new FltsError('FLTS_USAGE', 'No CSV file was given.');
  for (const { name, table } of others) {
    const missing = first.table.columns.find((column) => !table.columns.includes(column));
    if (missing !== undefined || table.columns.length !== first.table.columns.length) {
      throw new FltsError(
        'FLTS_CSV',
        `${name} does not have the same columns as ${first.name}${missing === undefined ? '' : `: no '${missing}'`}.`,
      );
    }
  }
  const ordered = [...files].sort((a, b) => (a.table.timesMs[0] ?? 0) - (b.table.timesMs[0] ?? 0));
  const { columns } = first.table;
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const timesMs = new Float64Array(rows);
  const cells = new Float64Array(rows * columns.length);
  let next = 0;
  for (const { table } of ordered) {
    const from = columns.map((column) => table.columns.indexOf(column));
    timesMs.set(table.timesMs, next);
    for (let row = 0; row < table.timesMs.length; row++, next++) {
      from.forEach((source, column) => {
        cells[next * columns.length + column] = table.cells[row * columns.length + source] ?? Number.NaN;
      });
    }
  }
  return { columns, timesMs, cells };
}
