import { type AccuracyTableRow, type Bundle, FltsError } from '../../contract/index.js';
import { fitScales, rowsPerDay, type Series, sliceSeries, standardDeviations } from '../../domain/forecast/index.js';
import { modelOf, seriesFor } from '../bundle-series.js';
import { baselineForecasts, fitBaselines, writeBaselines } from '../evaluation/baseline-set.js';
import { collectResiduals } from '../evaluation/residuals.js';
import {
  type Candidate,
  firstScorableRow,
  modelCandidate,
  scoreCandidates,
  scoredRows,
} from '../evaluation/score-candidates.js';
import { summariseAccuracy } from '../evaluation/summarise.js';
import { lastRows } from '../make-bundle.js';
import type { TensorProgram } from '../ports.js';
import { TABLE_HORIZONS } from '../train-options.js';

/** The first part of the rows fits the baselines that need a fit; the rest is scored. */
const FIT_SHARE = 0.5;
/** Rows that each part must have beyond a window and its forecast. */
const ROWS_MIN = 100;

/** What rows that the model was not trained on say about it. */
export interface Measured {
  readonly parts: Pick<Bundle, 'accuracy' | 'residuals' | 'baselines' | 'history'>;
  readonly table: readonly AccuracyTableRow[];
  readonly rows: number;
}

/** Standard deviations of the bundle's targets over the rows of the file that fit the baselines. */
export function spreadOf(bundle: Pick<Bundle, 'targets'>, file: Series): number[] {
  const fit = sliceSeries(file, 0, Math.floor(file.rows * FIT_SHARE));
  const std = standardDeviations(fit);
  return bundle.targets.map((name) => std[fit.columns.indexOf(name)] ?? 0);
}

/**
 * Scores the model beside every baseline on the second half of a file that it was not trained on, and collects the
 * residuals there for intervals; SES and the ridges are fitted on the first half. Throws FLTS_CSV (other columns or
 * step), FLTS_TOO_LITTLE_DATA.
 */
export async function measureImport(bundle: Bundle, program: TensorProgram, file: Series): Promise<Measured> {
  const series = seriesFor(bundle, file);
  const { lookback, steps, targets } = bundle;
  const cut = Math.floor(series.rows * FIT_SHARE);
  const first = Math.max(cut, firstScorableRow(lookback, rowsPerDay(series.stepMs), TABLE_HORIZONS));
  const rows = scoredRows(series, first, series.rows);
  const ahead = Math.max(steps, ...TABLE_HORIZONS);
  const needed = lookback + ahead + ROWS_MIN;
  if (cut < needed || rows.length < ahead + ROWS_MIN) {
    throw new FltsError(
      'FLTS_TOO_LITTLE_DATA',
      `There are ${series.rows} rows, ${rows.length} of which can be scored; ${Math.ceil(needed / FIT_SHARE)} rows and a day before the scored ones are needed.`,
    );
  }
  const fit = sliceSeries(series, 0, cut);
  const baselines = fitBaselines(fit, lookback, ahead);
  const name = bundle.model_type.toLowerCase();
  const horizons = [...new Set([...TABLE_HORIZONS, steps])];
  const range = { from: first, to: series.rows };
  const own = await modelCandidate(name, 'model', modelOf(bundle, program), series, range, horizons);
  const others = baselineForecasts(baselines, series).map((baseline): Candidate => ({ ...baseline, kind: 'baseline' }));
  const table = scoreCandidates(series, rows, TABLE_HORIZONS, [own, ...others], targets);
  const columns = targets.map((target) => series.columns.indexOf(target));
  const history = lastRows(series, rowsPerDay(series.stepMs) + lookback);
  return {
    parts: {
      accuracy: summariseAccuracy(table, name, targets, bundle.target_std),
      residuals: collectResiduals(series, rows, own.forecast, steps, fitScales(fit, 'log'), columns),
      baselines: writeBaselines(baselines),
      history,
    },
    table,
    rows: rows.length,
  };
}
