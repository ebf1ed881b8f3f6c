import { type Bundle, FltsError } from '../../contract/index.js';
import {
  COMFORTABLE_RESIDUALS,
  decodeResiduals,
  formatTimestamp,
  intervalOf,
  type Series,
  timeOfRow,
} from '../../domain/forecast/index.js';
import type { TensorProgram } from '../../training/index.js';

/** A forecast as it is printed, from here or from a server: rows in order of time. */
export interface ForecastResult {
  readonly runId: string;
  readonly modelType: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** By level, percent: rows like `rows`, with [lower, upper] instead of values. */
  readonly intervals: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly warnings: readonly string[];
}

/** Forecasts `horizon` rows after the last row of a series with a loaded model. Levels are percentages. */
export async function localForecast(
  file: Series,
  bundle: Bundle,
  program: TensorProgram,
  horizon: number,
  levels: readonly number[],
): Promise<ForecastResult> {
  const { forecastFrom, horizonMax, modelOf, seriesFor } = await import('../../training/index.js');
  const series = seriesFor(bundle, file);
  if (series.rows < bundle.lookback) {
    throw new FltsError(
      'FLTS_TOO_FEW_ROWS',
      `The file has ${series.rows} rows; the model looks back ${bundle.lookback}.`,
    );
  }
  const last = series.rows - 1;
  const model = modelOf(bundle, program);
  if (horizon > horizonMax(model, series.columns.length)) {
    throw new FltsError(
      'FLTS_HORIZON_BEYOND_MODEL',
      `The model of run ${bundle.run_id} predicts ${bundle.steps} steps, and not every column that it reads: it cannot go on to ${horizon}.`,
    );
  }
  const values = await forecastFrom(model, series, Int32Array.of(last), horizon);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new FltsError('FLTS_NON_FINITE_OUTPUT', `The model of run ${bundle.run_id} answered ${values[wrong] ?? ''}.`);
  }
  const width = bundle.targets.length;
  const rowOf = (step: number, cell: (value: number, target: number) => unknown): Record<string, unknown> => ({
    ts: formatTimestamp(timeOfRow(series, last + step), true),
    ...Object.fromEntries(
      bundle.targets.map((name, target) => [name, cell(values[(step - 1) * width + target] ?? Number.NaN, target)]),
    ),
  });
  const steps = Array.from({ length: horizon }, (_, i) => i + 1);
  const { intervals, warnings } = intervalRows(bundle, horizon, levels, (level, residuals) =>
    steps.map((step) => rowOf(step, (value, target) => intervalOf(residuals, step, target, level / 100, value))),
  );
  return {
    runId: bundle.run_id,
    modelType: bundle.model_type,
    rows: steps.map((step) => rowOf(step, (value) => value)),
    intervals,
    warnings,
  };
}

type RowsOfLevel = (level: number, residuals: ReturnType<typeof decodeResiduals>) => Record<string, unknown>[];

function intervalRows(
  bundle: Bundle,
  horizon: number,
  levels: readonly number[],
  rowsOf: RowsOfLevel,
): Pick<ForecastResult, 'intervals' | 'warnings'> {
  if (levels.length === 0) return { intervals: {}, warnings: [] };
  const residuals = decodeResiduals(bundle.residuals, bundle.targets.length);
  const warnings: string[] = [];
  if (residuals.n < COMFORTABLE_RESIDUALS) {
    warnings.push(`Intervals rest on ${residuals.n} residuals; ${COMFORTABLE_RESIDUALS} or more are advised.`);
  }
  if (horizon > residuals.horizons) {
    warnings.push(`Steps beyond ${residuals.horizons} have the width of step ${residuals.horizons}.`);
  }
  const intervals: Record<string, Record<string, unknown>[]> = {};
  for (const level of levels) {
    const rows = rowsOf(level, residuals);
    // With too few residuals a level has no interval at all, at any step.
    if (bundle.targets.some((name) => rows[0]?.[name] === null)) {
      warnings.push(`No interval at ${level} %: ${residuals.n} residuals are too few for it.`);
    } else {
      intervals[String(level)] = rows;
    }
  }
  return { intervals, warnings };
}
