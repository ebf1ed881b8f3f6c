import { type Bundle, FltsError } from '../contract/index.js';
import { parseTimestampMs, type Series, TIME_FEATURES } from '../domain/forecast/index.js';
import type { LoadedModel } from './model/run-graph.js';
import type { TensorProgram } from './ports.js';

/**
 * Data columns of a bundle's window, in order. Throws FLTS_BUNDLE_CORRUPT unless the targets are among them and all six
 * time features, or none, follow them.
 */
export function dataColumns(bundle: Bundle): string[] {
  const times: readonly string[] = TIME_FEATURES;
  const columns = bundle.features.filter((name) => !times.includes(name));
  const rest = bundle.features.slice(columns.length);
  const usual =
    columns.every((name, i) => bundle.features[i] === name) &&
    bundle.targets.every((name) => columns.includes(name)) &&
    (rest.length === 0 || times.every((name, i) => rest[i] === name));
  if (!usual) {
    throw new FltsError(
      'FLTS_BUNDLE_CORRUPT',
      `The bundle of run ${bundle.run_id} has other features than data columns, its targets among them, and the six time features, which this command needs.`,
    );
  }
  return columns;
}

/** A bundle's loaded graph as it runs over a series that `seriesFor` made. */
export function modelOf(bundle: Bundle, program: TensorProgram): LoadedModel {
  const columns = dataColumns(bundle);
  return {
    program,
    lookback: bundle.lookback,
    steps: bundle.steps,
    takesTime: bundle.features.length > columns.length,
    targets: bundle.targets.map((name) => columns.indexOf(name)),
  };
}

/** The columns of a series that a bundle's model reads, in its order. Throws FLTS_CSV when one or the step differs. */
export function seriesFor(bundle: Bundle, series: Series): Series {
  const columns = dataColumns(bundle);
  const from = columns.map((name) => series.columns.indexOf(name));
  const missing = columns.filter((_, i) => from[i] === -1);
  if (missing.length > 0) {
    throw new FltsError('FLTS_CSV', `The file lacks columns that the model needs: ${missing.join(', ')}.`, {
      remedy: `The model reads ${columns.join(', ')}.`,
    });
  }
  if (series.stepMs !== bundle.frequency_s * 1000) {
    throw new FltsError(
      'FLTS_CSV',
      `The file's rows are ${series.stepMs / 1000} s apart, the model was trained on rows ${bundle.frequency_s} s apart.`,
      { remedy: 'Resample the file to the step of the model.' },
    );
  }
  const width = series.columns.length;
  const values = new Float64Array(series.rows * columns.length);
  for (let row = 0; row < series.rows; row++) {
    from.forEach((source, column) => {
      values[row * columns.length + column] = series.values[row * width + source] ?? 0;
    });
  }
  return { ...series, columns, values };
}

/** The last training rows that a bundle keeps. Throws FLTS_BUNDLE_CORRUPT when they do not fit each other. */
export function historyOf(bundle: Bundle): Series {
  const columns = dataColumns(bundle);
  const { start, rows } = bundle.history;
  const startMs = parseTimestampMs(start);
  const cells = columns.map((name) => bundle.history.columns[name] ?? []);
  if (Number.isNaN(startMs) || cells.some((column) => column.length !== rows)) {
    throw new FltsError('FLTS_BUNDLE_CORRUPT', `The bundle of run ${bundle.run_id} has an unreadable history.`);
  }
  const values = new Float64Array(rows * columns.length);
  cells.forEach((column, i) => {
    column.forEach((value, row) => {
      values[row * columns.length + i] = value;
    });
  });
  return { startMs, stepMs: bundle.frequency_s * 1000, rows, columns, values, excluded: new Uint8Array(rows) };
}
