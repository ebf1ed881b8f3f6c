import { type BodyBytes, type WindowTable, type WindowTexts, WindowCutter } from './window-table.js';

/** What bodies are made of: windows of one or several series, one or several horizons, and a shape of one's own. */
export interface BodyPlan {
  readonly tables: readonly WindowTable[];
  readonly horizons: readonly number[];
  /** Null: the shape of `POST /predict`. */
  readonly template: string | null;
}

export interface Body extends BodyBytes {
  readonly expectedTs: string;
  readonly horizon: number;
}

const PLACE = /\{\{\s*([^{}]+?)\s*\}\}/g;
const ASCII_ONLY = /[\u007f-\uffff]/g;

/** A template, taken apart once: text, place, text, … */
type Part = { readonly text: string } | { readonly place: string };

function partsOf(template: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of template.matchAll(PLACE)) {
    parts.push({ text: template.slice(from, match.index) }, { place: match[1] ?? '' });
    from = match.index + match[0].length;
  }
  return [...parts, { text: template.slice(from) }];
}

const WHOLE_PLACES = ['data', 'rows', 'ts', 'horizon', 'index'];

/** What is wrong with the places of a template over these columns, as sentences without a full stop. */
export function templateProblems(template: string, columns: readonly string[]): string[] {
  const problems: string[] = [];
  for (const part of partsOf(template)) {
    if (!('place' in part) || WHOLE_PLACES.includes(part.place)) continue;
    const column = /^(?:values|last)\.(.+)$/.exec(part.place)?.[1];
    if (column === undefined) {
      problems.push(
        `the template has a place {{${part.place}}}; there are ${WHOLE_PLACES.join(', ')}, values.COLUMN and last.COLUMN`,
      );
    } else if (!columns.includes(column))
      problems.push(`the template names the column "${column}", which is not there`);
  }
  return problems;
}

function lastOf(cells: string): string {
  return cells.slice(cells.lastIndexOf(',') + 1);
}

/** The window as an array of row objects. */
function rowsOf(texts: WindowTexts): string {
  const times = texts.ts.split(',');
  const columns = [...texts.columns].map(([name, cells]) => [JSON.stringify(name), cells.split(',')] as const);
  const rows = times.map(
    (ts, i) => `{"ts":${ts}${columns.map(([key, cells]) => `,${key}:${cells[i] ?? 'null'}`).join('')}}`,
  );
  return `[${rows.join(',')}]`;
}

function dataOf(texts: WindowTexts): string {
  return `{"ts":[${texts.ts}]${[...texts.columns].map(([name, cells]) => `,${JSON.stringify(name)}:[${cells}]`).join('')}}`;
}

/** Makes body `index` 0, 1, 2, …: series in turn, then horizons in turn; no window is sent twice. */
export class BodySource {
  readonly #cutters: readonly WindowCutter[];
  readonly #horizons: readonly number[];
  readonly #parts: readonly Part[] | null;

  constructor(plan: BodyPlan) {
    this.#cutters = plan.tables.map((table) => new WindowCutter(table));
    this.#horizons = plan.horizons;
    this.#parts = plan.template === null ? null : partsOf(plan.template);
  }

  body(index: number): Body {
    const cutter = this.#cutters[index % this.#cutters.length];
    if (cutter === undefined) throw new Error('a body plan without series');
    const turn = Math.floor(index / this.#cutters.length);
    const horizon = this.#horizons[turn % this.#horizons.length] ?? 1;
    if (this.#parts === null) return { ...cutter.window(turn, horizon), horizon };
    const texts = cutter.texts(turn);
    const filled = this.#parts.map((part) => ('text' in part ? part.text : fill(part.place, texts, horizon, index)));
    // The request is ASCII, so that its length is its number of bytes.
    const body = filled
      .join('')
      .replace(ASCII_ONLY, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    return {
      length: body.length,
      write: (target, at) => {
        target.write(body, at, 'latin1');
      },
      expectedTs: texts.expectedTs,
      horizon,
    };
  }
}

function fill(place: string, texts: WindowTexts, horizon: number, index: number): string {
  if (place === 'data') return dataOf(texts);
  if (place === 'rows') return rowsOf(texts);
  if (place === 'ts') return `[${texts.ts}]`;
  if (place === 'horizon') return String(horizon);
  if (place === 'index') return String(index);
  const [kind = '', ...rest] = place.split('.');
  const cells = texts.columns.get(rest.join('.')) ?? '';
  return kind === 'values' ? `[${cells}]` : lastOf(cells);
}
