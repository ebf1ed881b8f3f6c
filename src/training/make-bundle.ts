import { createHash } from 'node:crypto';
import { type AccuracyTableRow, BUNDLE_SCHEMA_VERSION, type Bundle } from '../contract/index.js';
import {
  EMPTY_CELL_VALUE,
  formatTimestamp,
  rowsPerDay,
  type Series,
  sliceSeries,
  standardDeviations,
  timeOfRow,
} from '../domain/forecast/index.js';
import { type BaselineSet, writeBaselines } from './evaluation/baseline-set.js';
import { summariseAccuracy } from './evaluation/summarise.js';
import { type FeatureSpace, featureNames } from './model/feature-space.js';
import type { TrainSettings } from './train-options.js';

/** What all bundles of one training share. */
export interface TrainingFacts {
  readonly created: string;
  readonly settings: TrainSettings;
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  readonly libraries: Readonly<Record<string, string>>;
  readonly durationS: number;
  readonly sources: Bundle['training']['sources'];
  readonly split: Bundle['training']['split'];
  /** The rows that the model was finally fitted on. */
  readonly series: Series;
  readonly space: FeatureSpace;
  readonly baselines: BaselineSet;
  readonly table: readonly AccuracyTableRow[];
}

/** What is one bundle's own. */
export interface ModelFacts {
  readonly name: string;
  readonly type: Bundle['model_type'];
  readonly runId: string;
  readonly model: Uint8Array;
  readonly residuals: Bundle['residuals'];
  readonly golden: Bundle['golden'];
  readonly members?: Bundle['members'];
}

export function makeBundle(facts: TrainingFacts, own: ModelFacts): Bundle {
  const { series, space, settings } = facts;
  const targets = [...series.columns];
  const std = standardDeviations(series);
  const hyperparameters = { ...facts.hyperparameters, model: own.name };
  const config = { hyperparameters, features: featureNames(targets), step_ms: series.stepMs };
  return {
    schema_version: BUNDLE_SCHEMA_VERSION,
    run_id: own.runId,
    model_type: own.type,
    ...(own.members === undefined ? {} : { members: own.members }),
    created: facts.created,
    lookback: settings.lookback,
    steps: settings.steps,
    frequency_s: series.stepMs / 1000,
    features: featureNames(targets),
    targets,
    model_sha256: digest(own.model),
    fill: { rule: 'constant', values: Object.fromEntries(targets.map((name) => [name, EMPTY_CELL_VALUE])) },
    target_std: std,
    target_range: { min: [...space.min], max: [...space.max] },
    training: {
      sources: facts.sources,
      data_sha256: digest(new Uint8Array(series.values.buffer, series.values.byteOffset, series.values.byteLength)),
      config_hash: digest(JSON.stringify(config)),
      seed: settings.seed,
      split: facts.split,
      hyperparameters,
      libraries: { ...facts.libraries },
      duration_s: facts.durationS,
    },
    accuracy: summariseAccuracy(kindsFor(facts.table, own.name), own.name, targets, std),
    residuals: own.residuals,
    baselines: writeBaselines(facts.baselines),
    history: lastRows(series, rowsPerDay(series.stepMs) + settings.lookback),
    golden: own.golden,
  };
}

/** The table as this model's: it is the model, the others that were trained with it are members. */
function kindsFor(table: readonly AccuracyTableRow[], name: string): AccuracyTableRow[] {
  return table.map((row) =>
    row.kind === 'baseline' ? row : { ...row, kind: row.name === name ? ('model' as const) : ('member' as const) },
  );
}

/** The last rows of a series, at most `rows`, as a bundle keeps them. */
export function lastRows(series: Series, rows: number): Bundle['history'] {
  const last = sliceSeries(series, Math.max(0, series.rows - rows), series.rows);
  const width = series.columns.length;
  const columns = series.columns.map((name, column): [string, number[]] => [
    name,
    Array.from({ length: last.rows }, (_, row) => last.values[row * width + column] ?? 0),
  ]);
  return { start: formatTimestamp(timeOfRow(last, 0), true), rows: last.rows, columns: Object.fromEntries(columns) };
}

function digest(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
