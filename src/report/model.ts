import type { RunDiagnosis } from '../contract/index.js';

/**
 * A report as data: sections of paragraphs, facts, tables, lists and charts. Renderers turn it into html, md and json
 * and decide nothing; every sentence in it was computed from a figure.
 */
export const REPORT_SCHEMA_VERSION = 1;

export type Tone = 'good' | 'bad' | 'warning' | 'plain';
export type Verdict = 'PASSED' | 'VALID' | 'FAILED' | 'INVALID' | 'NOT JUDGED';

export interface Sentence {
  readonly tone: Tone;
  readonly text: string;
}

export interface TableColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** One line of a chart; null leaves a gap. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number | null])[];
  /** Lower and upper ends by x, drawn as whiskers; null = open. */
  readonly intervals?: readonly (readonly [x: number, lower: number | null, upper: number | null])[];
  /** A fitted or predicted line, drawn dashed and without marks: not measured. */
  readonly isModel?: boolean;
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  /** What the chart shows, in words: for those who cannot see it. */
  readonly description: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** `stack`: bars whose series add up, one bar for each x; else lines. */
  readonly form?: 'lines' | 'stack';
  /** `percentile` spreads out the tail: 0, 90, 99, 99.9 at equal distances; `log`: doublings are. */
  readonly xScale: 'linear' | 'log' | 'category' | 'percentile';
  /** Names of the x values 0, 1, 2 … of a category axis; without them the x values name themselves. */
  readonly categories?: readonly string[];
  readonly yScale: 'linear' | 'log';
  readonly series: readonly Series[];
  /** Named stretches of the x axis, such as phases. */
  readonly spans: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /** Moments on the x axis, such as a restart. */
  readonly events?: readonly { readonly name: string; readonly at: number }[];
  /** Heights on the y axis, such as a requirement. */
  readonly limits?: readonly { readonly name: string; readonly at: number }[];
}

/** A large figure, what it is, and where it holds. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
}

export type Block =
  | { readonly kind: 'text'; readonly sentences: readonly Sentence[] }
  | { readonly kind: 'list'; readonly items: readonly Sentence[] }
  /** The few figures to remember, large. */
  | { readonly kind: 'tiles'; readonly tiles: readonly Tile[] }
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [label: string, value: string])[] }
  | {
      readonly kind: 'table';
      readonly columns: readonly TableColumn[];
      readonly rows: readonly (readonly string[])[];
      readonly note: string | null;
    }
  | { readonly kind: 'chart'; readonly chart: Chart }
  /** A heading inside a section. */
  | { readonly kind: 'heading'; readonly text: string }
  /** Settings or commands to copy. */
  | { readonly kind: 'code'; readonly language: string; readonly caption: string; readonly text: string };

export interface Section {
  readonly id: string;
  readonly title: string;
  /** One line that says what the section shows, for a reader who is no performance engineer. */
  readonly lead?: string;
  readonly blocks: readonly Block[];
}

/** A figure of a phase as a number; latencies are response times of right answers. */
export interface Figure {
  readonly phase: string;
  readonly figure: string;
  readonly unit: 'ms' | 'per_second' | 'share' | 'count' | 's' | 'bytes';
  readonly value: number;
  /** Ends of its 95 % interval; null = no such end, or unknown. */
  readonly lower: number | null;
  readonly upper: number | null;
}

/** Something that had to hold. */
export interface Check {
  readonly group: 'validity' | 'requirements';
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'undecided';
  readonly message: string;
}

export interface Report {
  readonly title: string;
  readonly verdict: Verdict;
  /** Why the verdict is what it is. */
  readonly verdictReasons: readonly string[];
  readonly environment: readonly (readonly [label: string, value: string])[];
  readonly sections: readonly Section[];
  /** Causes and predictions as data, for machines. */
  readonly diagnosis: RunDiagnosis;
  readonly figures: readonly Figure[];
  readonly checks: readonly Check[];
  readonly glossary: readonly (readonly [term: string, meaning: string])[];
}

export const plain = (text: string): Sentence => ({ tone: 'plain', text });
export const good = (text: string): Sentence => ({ tone: 'good', text });
export const bad = (text: string): Sentence => ({ tone: 'bad', text });
export const warning = (text: string): Sentence => ({ tone: 'warning', text });

/** What a column of figures may hold: numbers with signs, bounds, units; words make it a column of text. */
const FIGURE = /^(?:|–|[\d≥≤<>+−±-].*)$/;

/** A table whose first column is text; columns of figures are set right, columns with words left. */
export function figureTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  note: string | null = null,
): Block {
  return {
    kind: 'table',
    columns: titles.map((title, i) => ({
      title,
      align: i > 0 && rows.every((row) => FIGURE.test(row[i] ?? '')) ? 'right' : 'left',
    })),
    rows,
    note,
  };
}
