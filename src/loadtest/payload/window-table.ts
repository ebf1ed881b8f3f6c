import { formatTimestamp } from '../../domain/forecast/index.js';

/**
 * Rows that windows are cut from, as JSON text: a request body is then twelve slices of prepared text and no
 * serialisation in the sending path. Every array of `cells` has one JSON number per row.
 */
export interface WindowTable {
  readonly columns: readonly string[];
  readonly cells: readonly (readonly string[])[];
  /** First row's time and seconds between rows; rows of a window are always evenly spaced. */
  readonly timesMs: readonly number[];
  /** First rows of the windows that may be sent. */
  readonly starts: readonly number[];
  readonly rows: number;
  readonly stepS: number;
  readonly horizon: number;
}

/** A body and the first timestamp that a right answer carries. */
export interface WindowBody {
  readonly body: string;
  readonly expectedTs: string;
}

/** After all windows were sent once, the last value of the first column grows by this share a lap: never the same body twice. */
const LAP_SHARE = 1e-6;

/** JSON text in ASCII only, so that its length is its number of bytes. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

interface ColumnText {
  readonly key: string;
  readonly text: string;
  /** Where the cell of each row begins; one more than rows. */
  readonly offsets: Uint32Array;
}

function columnText(name: string, cells: readonly string[]): ColumnText {
  const offsets = new Uint32Array(cells.length + 1);
  for (let i = 0; i < cells.length; i++) offsets[i + 1] = (offsets[i] ?? 0) + (cells[i] ?? '').length + 1;
  return { key: asciiJson(name), text: `${cells.join(',')},`, offsets };
}

function slice(column: ColumnText, from: number, to: number): string {
  return column.text.slice(column.offsets[from], (column.offsets[to] ?? 0) - 1);
}

/** The texts of one window, for bodies of another shape: JSON, without the brackets of arrays. */
export interface WindowTexts {
  readonly ts: string;
  /** By column, in the table's order. */
  readonly columns: ReadonlyMap<string, string>;
  readonly expectedTs: string;
}

/** Cuts windows out of a table: window `index` 0, 1, 2, … ; each index gives another body. */
export class WindowCutter {
  readonly #table: WindowTable;
  readonly #times: ColumnText;
  readonly #columns: readonly ColumnText[];

  constructor(table: WindowTable) {
    this.#table = table;
    this.#times = columnText(
      'ts',
      table.timesMs.map((ms) => JSON.stringify(formatTimestamp(ms, true).replace('T', ' '))),
    );
    this.#columns = table.columns.map((name, i) => columnText(name, table.cells[i] ?? []));
  }

  window(index: number, horizon: number = this.#table.horizon): WindowBody {
    const { from, to, lap, expectedTs } = this.#place(index);
    let body = `{"data":{"ts":[${slice(this.#times, from, to)}]`;
    for (const [i, column] of this.#columns.entries())
      body += `,${column.key}:[${this.#cells(i, column, from, to, lap)}]`;
    return { body: `${body}},"inference_length":${horizon}}`, expectedTs };
  }

  texts(index: number): WindowTexts {
    const { from, to, lap, expectedTs } = this.#place(index);
    const columns = this.#columns.map(
      (column, i) => [this.#table.columns[i] ?? '', this.#cells(i, column, from, to, lap)] as const,
    );
    return { ts: slice(this.#times, from, to), columns: new Map(columns), expectedTs };
  }

  #place(index: number): { from: number; to: number; lap: number; expectedTs: string } {
    const { starts, rows, timesMs, stepS } = this.#table;
    const from = starts[index % starts.length] ?? 0;
    const to = from + rows;
    const expectedTs = formatTimestamp((timesMs[to - 1] ?? 0) + stepS * 1000, true);
    return { from, to, lap: Math.floor(index / starts.length), expectedTs };
  }

  #cells(i: number, column: ColumnText, from: number, to: number, lap: number): string {
    return i === 0 && lap > 0 ? this.#onLap(column, from, to, lap) : slice(column, from, to);
  }

  #onLap(column: ColumnText, from: number, to: number, lap: number): string {
    const last = Number(column.text.slice(column.offsets[to - 1], (column.offsets[to] ?? 0) - 1));
    const moved = JSON.stringify(last === 0 ? lap * LAP_SHARE : last * (1 + lap * LAP_SHARE));
    return to - from === 1 ? moved : `${slice(column, from, to - 1)},${moved}`;
  }
}
