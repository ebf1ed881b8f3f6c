import { formatTimestamp } from '../../domain/forecast/index.js';

/**
 * Rows that windows are cut from, as JSON text: a request body is then twelve stretches of prepared bytes and no
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

/** A body that is not made yet, but whose length is known. ASCII. */
export interface BodyBytes {
  readonly length: number;
  /** Writes all of it to `target` from `at` on. */
  readonly write: (target: Buffer, at: number) => void;
}

/** A body and the first timestamp that a right answer carries. */
export interface WindowBody extends BodyBytes {
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
  /** What stands before the cells in a body. */
  readonly open: Buffer;
  readonly text: string;
  /** The same as `text`. */
  readonly bytes: Buffer;
  /** Where the cell of each row begins; one more than rows. */
  readonly offsets: Uint32Array;
}

function columnText(open: string, cells: readonly string[]): ColumnText {
  const offsets = new Uint32Array(cells.length + 1);
  for (let i = 0; i < cells.length; i++) offsets[i + 1] = (offsets[i] ?? 0) + (cells[i] ?? '').length + 1;
  const text = `${cells.join(',')},`;
  return { open: Buffer.from(open, 'latin1'), text, bytes: Buffer.from(text, 'latin1'), offsets };
}

function slice(column: ColumnText, from: number, to: number): string {
  return column.text.slice(column.offsets[from], (column.offsets[to] ?? 0) - 1);
}

/** Bytes of the cells from … to, and of all but the last of them with the comma before it. */
const whole = (column: ColumnText, from: number, to: number): number =>
  (column.offsets[to] ?? 0) - 1 - (column.offsets[from] ?? 0);
const rest = (column: ColumnText, from: number, to: number): number =>
  (column.offsets[to - 1] ?? 0) - (column.offsets[from] ?? 0);

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
  readonly #all: readonly ColumnText[];
  /** By first row: what was written out before. */
  readonly #expected: string[] = [];

  constructor(table: WindowTable) {
    this.#table = table;
    this.#times = columnText(
      '{"data":{"ts":[',
      table.timesMs.map((ms) => JSON.stringify(formatTimestamp(ms, true).replace('T', ' '))),
    );
    this.#columns = table.columns.map((name, i) => columnText(`],${asciiJson(name)}:[`, table.cells[i] ?? []));
    this.#all = [this.#times, ...this.#columns];
  }

  window(index: number, horizon: number = this.#table.horizon): WindowBody {
    const { from, to, lap, expectedTs } = this.#place(index);
    const [first] = this.#columns;
    const moved = lap === 0 || first === undefined ? null : this.#movedLast(first, to, lap);
    const tail = `]},"inference_length":${horizon}}`;
    let length = tail.length;
    for (const column of this.#all) {
      const cells =
        column === first && moved !== null ? rest(column, from, to) + moved.length : whole(column, from, to);
      length += column.open.length + cells;
    }
    const write = (target: Buffer, start: number): void => {
      let at = start;
      for (const column of this.#all) {
        target.set(column.open, at);
        at += column.open.length;
        const begin = column.offsets[from] ?? 0;
        if (column === first && moved !== null) {
          at += column.bytes.copy(target, at, begin, begin + rest(column, from, to));
          at += target.write(moved, at, 'latin1');
        } else at += column.bytes.copy(target, at, begin, begin + whole(column, from, to));
      }
      target.write(tail, at, 'latin1');
    };
    return { length, write, expectedTs };
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
    const expectedTs = (this.#expected[from] ??= formatTimestamp((timesMs[to - 1] ?? 0) + stepS * 1000, true));
    return { from, to, lap: Math.floor(index / starts.length), expectedTs };
  }

  #cells(i: number, column: ColumnText, from: number, to: number, lap: number): string {
    return i === 0 && lap > 0 ? this.#onLap(column, from, to, lap) : slice(column, from, to);
  }

  #onLap(column: ColumnText, from: number, to: number, lap: number): string {
    const moved = this.#movedLast(column, to, lap);
    return to - from === 1 ? moved : `${slice(column, from, to - 1)},${moved}`;
  }

  #movedLast(column: ColumnText, to: number, lap: number): string {
    const last = Number(slice(column, to - 1, to));
    return JSON.stringify(last === 0 ? lap * LAP_SHARE : last * (1 + lap * LAP_SHARE));
  }
}
