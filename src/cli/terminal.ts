import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** How often a progress line is written where there is no terminal to redraw. */
const PLAIN_PROGRESS_MS = 5_000;
/** How often a progress line is redrawn on a terminal. */
const REDRAW_MS = 100;

/** One running step: a redrawn line on a terminal, a plain line now and then elsewhere. */
export interface Progress {
  /** `text` says where the step is; `fraction` 0..1 draws a bar. Cheap: draws at most every 100 ms. */
  update(text: string, fraction?: number): void;
  /** Ends the step with a lasting line. */
  done(text: string): void;
  /** Removes the step without a lasting line. */
  clear(): void;
}

/**
 * What a command writes to: results on stdout, progress and notes on stderr. Colours and redrawing only on
 * terminals; NO_COLOR and FORCE_COLOR are honoured.
 */
export class Terminal {
  readonly #out: NodeJS.WriteStream;
  readonly #err: NodeJS.WriteStream;
  readonly #colorOut: boolean;
  readonly #colorErr: boolean;
  /** Whether progress may be redrawn in place. */
  readonly interactive: boolean;

  constructor(out: NodeJS.WriteStream, err: NodeJS.WriteStream, env: NodeJS.ProcessEnv) {
    this.#out = out;
    this.#err = err;
    const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
    const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
    this.#colorOut = forced || (out.isTTY && !refused);
    this.#colorErr = forced || (err.isTTY && !refused);
    this.interactive = err.isTTY && env['TERM'] !== 'dumb' && env['CI'] === undefined;
  }

  /** A line of the result, on stdout. */
  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  /** A line beside the result (a note, a warning), on stderr. */
  note(text: string): void {
    this.#err.write(`${text}\n`);
  }

  /** Machine-readable result on stdout, indented. */
  json(value: unknown): void {
    this.line(JSON.stringify(value, null, 2));
  }

  style(style: Style, text: string): string {
    return this.#colorOut ? styleText(style, text, { validateStream: false }) : text;
  }

  /** A table on stdout; cells may carry styles. Numbers read best with `align: 'right'`. */
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    const width = this.#out.isTTY ? Math.max(40, this.#out.columns) : Number.POSITIVE_INFINITY;
    columnBlocks(columns, rows, width).forEach((block, i) => {
      if (i > 0) this.line();
      const cells = rows.map((row) => block.map((column) => row[column] ?? ''));
      const titles = block.map((column) => columns[column] ?? { title: '' });
      for (const text of formatTable(titles, cells, (title) => this.style('dim', title))) this.line(text);
    });
  }

  /** A label and a text on stdout, broken between words below itself where a terminal is narrower. */
  labelled(label: string, text: string, style: Style, labelWidth: number): void {
    const width = this.#out.isTTY ? Math.max(40, this.#out.columns) : Number.POSITIVE_INFINITY;
    const [first = '', ...rest] = wrapWords(text, width - labelWidth);
    this.line(`${this.style(style, label)}${' '.repeat(Math.max(1, labelWidth - label.length))}${first}`);
    for (const line of rest) this.line(' '.repeat(labelWidth) + line);
  }

  progress(label: string): Progress {
    return this.interactive ? this.#redrawn(label) : this.#plain(label);
  }

  #styleErr(style: Style, text: string): string {
    return this.#colorErr ? styleText(style, text, { validateStream: false }) : text;
  }

  #redrawn(label: string): Progress {
    let drawnAt = 0;
    const draw = (text: string): void => {
      const width = Math.max(20, this.#err.columns || 80);
      const plain = `${label}  ${text}`;
      this.#err.write(`\r\x1b[2K${plain.length > width - 1 ? `${plain.slice(0, width - 2)}…` : plain}`);
    };
    draw('');
    return {
      update: (text, fraction) => {
        const now = performance.now();
        if (now - drawnAt < REDRAW_MS) return;
        drawnAt = now;
        draw(fraction === undefined ? text : `${bar(fraction, this.#err.columns < NARROW ? 0 : BAR_CELLS)}  ${text}`);
      },
      done: (text) => {
        this.#err.write(`\r\x1b[2K${this.#styleErr('green', '✓')} ${label}  ${text}\n`);
      },
      clear: () => {
        this.#err.write('\r\x1b[2K');
      },
    };
  }

  #plain(label: string): Progress {
    let writtenAt = performance.now();
    return {
      update: (text, fraction) => {
        const now = performance.now();
        if (now - writtenAt < PLAIN_PROGRESS_MS) return;
        writtenAt = now;
        const share = fraction === undefined ? '' : `${Math.round(fraction * 100)} %  `;
        this.note(`  ${label}  ${share}${text}`);
      },
      done: (text) => {
        this.note(`✓ ${label}  ${text}`);
      },
      clear: () => undefined,
    };
  }
}

const BAR_CELLS = 20;
/** Below so many columns the figures need the room that a bar would take: the percentage says the same. */
const NARROW = 100;

function bar(fraction: number, cells: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * cells);
  return `${'█'.repeat(filled)}${'░'.repeat(cells - filled)} ${String(Math.round(fraction * 100)).padStart(3)} %`.trimStart();
}

const ANSI = /\x1b\[[0-9;]*m/g;

function visibleLength(text: string): number {
  return Array.from(text.replace(ANSI, '')).length;
}

/**
 * Which columns to print together so that lines fit `width`: blocks of column positions, each beginning with the first
 * column, which names the rows.
 */
export function columnBlocks(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): number[][] {
  const widths = columns.map((column, i) => columnWidth(column, rows, i));
  const [first = 0] = widths;
  const blocks: number[][] = [];
  let block = [0];
  let used = first;
  for (let i = 1; i < columns.length; i++) {
    const more = 2 + (widths[i] ?? 0);
    if (used + more > width && block.length > 1) {
      blocks.push(block);
      block = [0];
      used = first;
    }
    block.push(i);
    used += more;
  }
  blocks.push(block);
  return blocks;
}

function columnWidth(column: Column, rows: readonly (readonly string[])[], i: number): number {
  return Math.max(visibleLength(column.title), ...rows.map((row) => visibleLength(row[i] ?? '')));
}

/** Lines of at most `width` characters, broken between words; a longer word has a line of its own. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/ +/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Lines of a table: a header, then rows; columns two spaces apart, as wide as their widest cell. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  styleTitle: (title: string) => string = (title) => title,
): string[] {
  const widths = columns.map((column, i) => columnWidth(column, rows, i));
  const layout = (cells: readonly string[]): string =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? '';
        const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - visibleLength(cell)));
        return column.align === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [layout(columns.map((column) => styleTitle(column.title))), ...rows.map(layout)];
}
