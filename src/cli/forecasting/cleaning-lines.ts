import type { LoadedSeries } from '../../training/index.js';

/** What was read and what cleaning changed, a line each. */
export function cleaningLines({ account, sources, series }: LoadedSeries): string[] {
  const names = sources.map(({ name, rows }) => `${name} (${rows} rows)`).join(', ');
  const lines = [
    `read ${names}: ${series.rows} rows ${series.stepMs / 1000} s apart, ${series.columns.length} columns`,
  ];
  const empty = Object.entries(account.emptyCells);
  if (empty.length > 0) lines.push(`empty cells taken as 0: ${empty.map(([name, n]) => `${name} ${n}`).join(', ')}`);
  if (account.negativeCells > 0) lines.push(`negative cells taken as 0: ${account.negativeCells}`);
  if (account.unsortedRows > 0) lines.push(`rows put in order of time: ${account.unsortedRows}`);
  if (account.duplicateRows > 0)
    lines.push(`rows with a timestamp that was there already, dropped: ${account.duplicateRows}`);
  if (account.gaps.length > 0) {
    lines.push(`missing rows bridged, not trained on: ${blocks(account.gaps)}`);
  }
  if (account.outages.length > 0) lines.push(`outages (all cells 0), not trained on: ${blocks(account.outages)}`);
  return lines;
}

function blocks(list: readonly { readonly rows: number; readonly startMs: number }[]): string {
  const rows = list.reduce((sum, block) => sum + block.rows, 0);
  const first = new Date(list[0]?.startMs ?? 0).toISOString().slice(0, 16).replace('T', ' ');
  const count = list.length === 1 ? '1 block' : `${list.length} blocks`;
  return `${rows} rows in ${count}, the first at ${first}`;
}
