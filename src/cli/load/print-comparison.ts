import type { Comparison } from '../../report/index.js';
import type { Terminal } from '../terminal.js';

/** What the report room says of a comparison. */
interface ComparisonTexts {
  readonly table: { readonly titles: readonly string[]; readonly rows: readonly (readonly string[])[] };
  readonly power: string | null;
  readonly remedy: string | null;
  readonly verdict: string;
}

const COLORS = {
  WORSE: 'red',
  BETTER: 'green',
  ALIKE: 'green',
  'NO DIFFERENCE SHOWN': 'yellow',
  'NOT COMPARABLE': 'red',
} as const;

/** The figures, what the scatter lets one see, warnings, and the verdict last. */
export function printComparison(
  terminal: Terminal,
  comparison: Comparison,
  texts: ComparisonTexts,
  written: readonly string[],
): void {
  const { verdict, reasons, warnings, figures } = comparison;
  if (figures.length > 0) {
    const { titles, rows } = texts.table;
    terminal.table(
      titles.map((title, i) => ({ title, align: i === 0 || i === titles.length - 1 ? 'left' : 'right' })),
      rows,
    );
    terminal.line();
  }
  if (texts.power !== null) terminal.line(texts.power);
  if (texts.remedy !== null) terminal.line(texts.remedy);
  for (const warning of warnings) terminal.line(`${terminal.style('yellow', 'warning')}  ${warning}`);
  const sign = terminal.style(COLORS[verdict], terminal.style('bold', verdict));
  if (figures.length > 0) terminal.line(`${sign}  ${texts.verdict}`);
  else {
    terminal.line(sign);
    for (const reason of reasons) terminal.line(`  ${reason}`);
  }
  if (written.length > 0) terminal.line(`written: ${written.join(', ')}`);
}
