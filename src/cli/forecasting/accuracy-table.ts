import type { AccuracyTableRow } from '../../contract/index.js';
import type { Column, Terminal } from '../terminal.js';
import { shortNumber } from './figures.js';

const NAMES: Readonly<Record<string, string>> = {
  lstm: 'LSTM',
  gru: 'GRU',
  mlp: 'MLP',
  onnx: 'ONNX',
  ridge: 'ridge',
  ensemble: 'ensemble',
  persistence: 'persistence',
  seasonal_24h: 'seasonal 24 h',
  moving_average_5: 'MA(5)',
  ses: 'SES',
  ridge_raw: 'ridge raw',
  ridge_log: 'ridge log',
};

/** A candidate's name for people; models are told from baselines of the same method. */
function label(row: AccuracyTableRow): string {
  const name = NAMES[row.name] ?? row.name;
  return row.kind === 'baseline' ? `  ${name}` : `${name} (${row.kind})`;
}

/** One row for each candidate, in the order of the table's first horizon. */
function byCandidate(rows: readonly AccuracyTableRow[]): AccuracyTableRow[][] {
  const groups = new Map<string, AccuracyTableRow[]>();
  for (const row of rows) {
    const key = `${row.kind}/${row.name}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/** MAE, RMSE and NRMSE of every candidate and horizon for one target; the least MAE of a horizon stands out. */
export function printTargetTable(
  terminal: Terminal,
  rows: readonly AccuracyTableRow[],
  target: string,
  horizons: readonly number[],
): void {
  const columns: Column[] = [{ title: target }];
  for (const horizon of horizons) {
    for (const title of [`h${horizon} MAE`, 'RMSE', 'NRMSE']) columns.push({ title, align: 'right' });
  }
  const best = new Map(
    horizons.map((horizon) => [
      horizon,
      Math.min(...rows.filter((row) => row.horizon === horizon).map((row) => row.targets[target]?.mae ?? Infinity)),
    ]),
  );
  const lines = byCandidate(rows).map((candidate) => [
    candidate[0] === undefined ? '' : label(candidate[0]),
    ...horizons.flatMap((horizon) => {
      const figures = candidate.find((row) => row.horizon === horizon)?.targets[target];
      if (figures === undefined) return ['–', '–', '–'];
      const mae = shortNumber(figures.mae);
      return [
        figures.mae === best.get(horizon) ? terminal.style('bold', mae) : mae,
        shortNumber(figures.rmse),
        figures.nrmse.toFixed(3),
      ];
    }),
  ]);
  terminal.table(columns, lines);
}

/** Mean over targets of MAE / persistence's MAE for every candidate and horizon: below 1 is better than persistence. */
export function printRelativeTable(
  terminal: Terminal,
  rows: readonly AccuracyTableRow[],
  horizons: readonly number[],
): void {
  const columns: Column[] = [
    { title: 'MAE / persistence' },
    ...horizons.map((horizon): Column => ({ title: `h${horizon}`, align: 'right' })),
  ];
  const lines = byCandidate(rows).map((candidate) => [
    candidate[0] === undefined ? '' : label(candidate[0]),
    ...horizons.map((horizon) => {
      const own = candidate.find((row) => row.horizon === horizon);
      const reference = rows.find((row) => row.name === 'persistence' && row.horizon === horizon);
      if (own === undefined || reference === undefined) return '–';
      const text = relativeMae(own, reference).toFixed(3);
      return relativeMae(own, reference) < 1 ? terminal.style('green', text) : text;
    }),
  ]);
  terminal.table(columns, lines);
}

function relativeMae(own: AccuracyTableRow, reference: AccuracyTableRow): number {
  const ratios = Object.entries(own.targets).flatMap(([target, { mae }]) => {
    const base = reference.targets[target]?.mae ?? 0;
    return base > 0 ? [mae / base] : [];
  });
  return ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
}
