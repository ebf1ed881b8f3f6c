import type { AccuracyTableRow } from '../../contract/index.js';
import { type ColumnForecast, ErrorSum, type Series } from '../../domain/forecast/index.js';
import { forecastFrom, horizonMax, type LoadedModel } from '../model/run-graph.js';

/** One line of the accuracy table before its figures. */
export interface Candidate {
  readonly name: string;
  readonly kind: AccuracyTableRow['kind'];
  readonly forecast: ColumnForecast;
  /** Horizons beyond it are left out. */
  readonly stepsMax: number;
}

/** The rows that are scored: [from, to) of the series that are observations; every candidate on the same ones. */
export function scoredRows(series: Series, from: number, to: number): Int32Array {
  const rows: number[] = [];
  for (let row = from; row < to; row++) if (series.excluded[row] !== 1) rows.push(row);
  return Int32Array.from(rows);
}

/**
 * Figures of every candidate and horizon over the rows; the forecast of a row is made `horizon` rows before it.
 * `targets`: names of the columns that are scored; left out: all.
 */
export function scoreCandidates(
  series: Series,
  rows: Int32Array,
  horizons: readonly number[],
  candidates: readonly Candidate[],
  targets: readonly string[] = series.columns,
): AccuracyTableRow[] {
  const width = series.columns.length;
  const columns = targets.map((name) => series.columns.indexOf(name));
  const table: AccuracyTableRow[] = [];
  for (const horizon of horizons) {
    for (const candidate of candidates) {
      if (horizon > candidate.stepsMax) continue;
      const sums = columns.map(() => new ErrorSum());
      for (const row of rows) {
        sums.forEach((sum, i) => {
          const column = columns[i] ?? 0;
          const actual = series.values[row * width + column] ?? Number.NaN;
          sum.add(candidate.forecast(row - horizon, horizon, column), actual);
        });
      }
      const figures = Object.fromEntries(targets.map((name, i) => [name, sums[i]?.figures() ?? NO_FIGURES]));
      table.push({ name: candidate.name, kind: candidate.kind, horizon, targets: figures });
    }
  }
  return table;
}

const NO_FIGURES = { mae: Number.NaN, rmse: Number.NaN, nrmse: Number.NaN };

/**
 * A model as a candidate: its forecasts from every origin that rows [from, to) need for the horizons, run once.
 * Horizons beyond what the model can are left out; columns that it does not predict are NaN.
 */
export async function modelCandidate(
  name: string,
  kind: Candidate['kind'],
  model: LoadedModel,
  series: Series,
  rows: { readonly from: number; readonly to: number },
  horizons: readonly number[],
): Promise<Candidate> {
  const stepsMax = horizonMax(model, series.columns.length);
  const usable = horizons.filter((horizon) => horizon <= stepsMax);
  const forecast =
    usable.length === 0 ? () => Number.NaN : await modelForecast(model, series, rows.from, rows.to, usable);
  return { name, kind, forecast, stepsMax };
}

/** A model's forecasts from every origin that rows [from, to) need for the horizons, run once. */
async function modelForecast(
  model: LoadedModel,
  series: Series,
  from: number,
  to: number,
  horizons: readonly number[],
): Promise<ColumnForecast> {
  const longest = Math.max(...horizons);
  const first = from - longest;
  const origins = Int32Array.from({ length: to - 1 - first }, (_, i) => first + i);
  const all = await forecastFrom(model, series, origins, longest);
  const width = model.targets?.length ?? series.columns.length;
  const targetOf = series.columns.map((_, column) => model.targets?.indexOf(column) ?? column);
  return (origin, step, column) => {
    const target = targetOf[column] ?? -1;
    return target < 0 ? Number.NaN : (all[((origin - first) * longest + step - 1) * width + target] ?? Number.NaN);
  };
}

/** The first row that can be scored: windows, one day back and the longest horizon must lie inside the series. */
export function firstScorableRow(lookback: number, rowsOfDay: number, horizons: readonly number[]): number {
  const longest = Math.max(...horizons);
  // Seasonal goes back whole days from the row itself: to the nearest one at or before the origin.
  return Math.max(longest + lookback - 1, rowsOfDay * Math.ceil(longest / rowsOfDay));
}
