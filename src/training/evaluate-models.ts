import { type AccuracyTableRow, type Bundle, FltsError } from '../contract/index.js';
import { follows, formatTimestamp, joinSeries, rowsPerDay, type Series, timeOfRow } from '../domain/forecast/index.js';
import { historyOf, modelOf, seriesFor } from './bundle-series.js';
import { baselineForecasts, readBaselines } from './evaluation/baseline-set.js';
import {
  type Candidate,
  firstScorableRow,
  modelCandidate,
  scoreCandidates,
  scoredRows,
} from './evaluation/score-candidates.js';
import type { TensorProgram } from './ports.js';

/** A model to evaluate: its bundle and its loaded graph. */
export interface EvaluatedModel {
  readonly name: string;
  readonly kind: 'model' | 'member';
  readonly bundle: Bundle;
  readonly program: TensorProgram;
}

export interface Evaluation {
  readonly rows: readonly AccuracyTableRow[];
  readonly targets: readonly string[];
  readonly horizons: readonly number[];
  /** First and last scored row, and how many there are; the same for every candidate and horizon. */
  readonly scored: { readonly from: string; readonly to: string; readonly rows: number };
  /** What the reader must know about the rows: sentences. */
  readonly notes: readonly string[];
}

export const HORIZONS_MAX = 50;
export const HORIZON_MAX = 10_000;

/**
 * Scores models and the first one's baselines on the rows of a file. Where the file follows the training rows without
 * a gap, the bundle's history goes before it and every row of the file is scored. Horizons 1..10,000, at most 50.
 * Throws FLTS_USAGE, FLTS_CSV (other columns or step), FLTS_TOO_LITTLE_DATA, FLTS_BUNDLE_CORRUPT.
 */
export async function evaluateModels(
  file: Series,
  models: readonly [EvaluatedModel, ...EvaluatedModel[]],
  horizons: readonly number[],
): Promise<Evaluation> {
  checkHorizons(horizons);
  const [{ bundle }] = models;
  const own = seriesFor(bundle, file);
  const history = historyOf(bundle);
  const notes: string[] = [];
  const joined = follows(history, own);
  const series = joined ? joinSeries(history, own) : own;
  if (!joined && history.rows > 0) notes.push(...explainStart(history, own));
  const lookback = Math.max(...models.map((model) => model.bundle.lookback), bundle.lookback);
  const first = Math.max(joined ? history.rows : 0, firstScorableRow(lookback, rowsPerDay(series.stepMs), horizons));
  const rows = scoredRows(series, first, series.rows);
  if (rows.length === 0) {
    throw new FltsError(
      'FLTS_TOO_LITTLE_DATA',
      `The file has ${own.rows} rows; the first one that can be scored would be row ${first - (series.rows - own.rows) + 1}.`,
      { remedy: 'Give more rows, a file that follows the training rows without a gap, or smaller horizons.' },
    );
  }
  const left = series.rows - first - rows.length;
  if (left > 0) notes.push(`${left} rows of outages and bridged gaps are not scored.`);
  const candidates: Candidate[] = [];
  for (const { name, kind, bundle: of, program } of models) {
    const rowsAt = { from: first, to: series.rows };
    candidates.push(await modelCandidate(name, kind, modelOf(of, program), series, rowsAt, horizons));
  }
  const baselines = readBaselines(bundle.baselines, series.columns.length, bundle.run_id);
  for (const baseline of baselineForecasts(baselines, series)) candidates.push({ ...baseline, kind: 'baseline' });
  return {
    rows: scoreCandidates(series, rows, horizons, candidates, bundle.targets),
    targets: bundle.targets,
    horizons,
    scored: {
      from: formatTimestamp(timeOfRow(series, rows[0] ?? 0), true),
      to: formatTimestamp(timeOfRow(series, rows[rows.length - 1] ?? 0), true),
      rows: rows.length,
    },
    notes,
  };
}

function checkHorizons(horizons: readonly number[]): void {
  const fine = horizons.every((horizon) => Number.isInteger(horizon) && horizon >= 1 && horizon <= HORIZON_MAX);
  if (fine && horizons.length >= 1 && horizons.length <= HORIZONS_MAX) return;
  throw new FltsError(
    'FLTS_USAGE',
    `Horizons are 1 to ${HORIZONS_MAX} whole numbers from 1 to ${HORIZON_MAX}, such as 1,10,30.`,
  );
}

function explainStart(history: Series, own: Series): string[] {
  const expected = timeOfRow(history, history.rows);
  const starts = formatTimestamp(own.startMs, true);
  const note = `The file starts at ${starts}, not at ${formatTimestamp(expected, true)} where training ended: its first rows serve as history.`;
  const overlap = own.startMs < expected;
  return overlap ? [note, 'Rows before that time may have been trained on: figures on them are too good.'] : [note];
}
