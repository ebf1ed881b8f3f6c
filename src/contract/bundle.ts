import { type Static, Type } from 'typebox';

/**
 * The model bundle: one folder, one version, one truth (CONTRACT §4). `model.onnx` maps `window` float32
 * `[batch, lookback, features]` in raw units to `forecast` float32 `[batch, steps, targets]` in raw units;
 * `bundle.json` is everything that must match it.
 */
export const BUNDLE_SCHEMA_VERSION = 1;

export const MODEL_FILE = 'model.onnx';
export const BUNDLE_FILE = 'bundle.json';

const PerTarget = Type.Array(Type.Number());

/** A figure of accuracy; null for an imported model that was not evaluated. */
const Figure = Type.Union([Type.Number(), Type.Null()]);

/** MAE, RMSE and NRMSE (RMSE / mean of the actual values) in raw units. */
const ErrorFigures = Type.Object({ mae: Type.Number(), rmse: Type.Number(), nrmse: Type.Number() });

/** One row of the accuracy table: a model or baseline at one horizon, on the same held-out rows as all others. */
const AccuracyRow = Type.Object({
  /** A member's or baseline's name: `lstm`, `ridge`, `ensemble`, `persistence`, `seasonal`, … */
  name: Type.String(),
  kind: Type.Union([Type.Literal('model'), Type.Literal('member'), Type.Literal('baseline')]),
  horizon: Type.Integer({ minimum: 1 }),
  /** Figures by target name. */
  targets: Type.Record(Type.String(), ErrorFigures),
});

export const BundleSchema = Type.Object({
  schema_version: Type.Literal(BUNDLE_SCHEMA_VERSION),
  run_id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  /** GRU, MLP and ONNX (anything else) are imported. */
  model_type: Type.Union([
    Type.Literal('LSTM'),
    Type.Literal('RIDGE'),
    Type.Literal('ENSEMBLE'),
    Type.Literal('GRU'),
    Type.Literal('MLP'),
    Type.Literal('ONNX'),
  ]),
  /** Where an imported model came from: the foreign file, what wrote it, and the opset of ai.onnx that it uses. */
  imported: Type.Optional(
    Type.Object({
      file: Type.String(),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      producer: Type.String(),
      opset: Type.Integer(),
    }),
  ),
  /** Versions of an ensemble's members, where they are in the registry as well. */
  members: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), run_id: Type.String({ pattern: '^[0-9a-f]{32}$' }) })),
  ),
  /** ISO 8601, UTC. */
  created: Type.String(),
  /** Rows that the model looks back. */
  lookback: Type.Integer({ minimum: 1 }),
  /** Steps that one run of the model predicts; horizons beyond recurse by blocks. */
  steps: Type.Integer({ minimum: 1 }),
  /** Seconds between rows. */
  frequency_s: Type.Number({ exclusiveMinimum: 0 }),
  /** Column order of the window: data columns, then the six time features, where the model takes them. */
  features: Type.Array(Type.String(), { minItems: 1 }),
  /** Column order of the forecast. Every target is also a data column, so that recursion is defined. */
  targets: Type.Array(Type.String(), { minItems: 1 }),
  model_sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  /** The value that an empty cell of each data column becomes, in training and in serving. */
  fill: Type.Object({ rule: Type.Literal('constant'), values: Type.Record(Type.String(), Type.Number()) }),
  /** Standard deviation of each target in training, raw units: the scale of "equal" (CONTRACT §4). */
  target_std: PerTarget,
  /** Smallest and largest value of each target in training, raw units: outputs are clamped to it inside the graph. Imported models are not clamped. */
  target_range: Type.Optional(Type.Object({ min: PerTarget, max: PerTarget })),
  training: Type.Object({
    sources: Type.Array(Type.Object({ name: Type.String(), rows: Type.Integer(), sha256: Type.String() })),
    data_sha256: Type.String(),
    config_hash: Type.String(),
    seed: Type.Integer(),
    /** Rows of the cleaned series: trained on, used to choose the epoch, held out for accuracy. */
    split: Type.Object({ train_rows: Type.Integer(), validation_rows: Type.Integer(), test_rows: Type.Integer() }),
    hyperparameters: Type.Record(Type.String(), Type.Unknown()),
    libraries: Type.Record(Type.String(), Type.String()),
    duration_s: Type.Number(),
  }),
  accuracy: Type.Object({
    rows: Type.Array(AccuracyRow),
    /** Mean over targets of MAE / persistence's MAE at horizon 1, held-out rows: the promotion gate asks for < 1. */
    relative_mae: Figure,
    /** The seed system's 0.5·RMSE + 0.3·MAE + 0.2·MSE on scaled targets, and its parts. */
    score: Figure,
    rmse: Figure,
    mae: Figure,
    mse: Figure,
  }),
  /**
   * Split-conformal residuals: signed, log space, sorted ascending. A residual is log(actual + offset) −
   * log(forecast + offset), offset per target. `values` is base64 of little-endian float32 in the layout
   * [horizons][targets][n].
   */
  residuals: Type.Object({
    horizons: Type.Integer({ minimum: 1 }),
    n: Type.Integer({ minimum: 0 }),
    log_offset: PerTarget,
    values: Type.String(),
  }),
  /** What evaluation needs to go on where training ended. */
  baselines: Type.Record(Type.String(), Type.Unknown()),
  /** The last 24 h + lookback of cleaned training rows: naive-UTC start, rows one step apart, columns by name. */
  history: Type.Object({
    start: Type.String(),
    rows: Type.Integer(),
    columns: Type.Record(Type.String(), Type.Array(Type.Number())),
  }),
  /** An input and its expected output, replayed before a version may serve. */
  golden: Type.Object({
    window: Type.Array(Type.Array(Type.Number())),
    forecast: Type.Array(Type.Array(Type.Number())),
  }),
});

export type Bundle = Static<typeof BundleSchema>;
export type AccuracyTableRow = Static<typeof AccuracyRow>;

/** `current.json` at a registry's root: which bundle serves (CONTRACT §5). Written atomically. */
export const PointerSchema = Type.Object({
  identifier: Type.String(),
  config_hash: Type.String(),
  run_id: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  model_type: Type.String(),
  experiment: Type.String(),
  /** Relative to the registry's root. */
  model_uri: Type.String(),
  rmse: Figure,
  mae: Figure,
  mse: Figure,
  score: Figure,
  /** ISO 8601, UTC: when it was promoted. */
  timestamp: Type.String(),
  weights: Type.Object({ rmse: Type.Number(), mae: Type.Number(), mse: Type.Number() }),
  /** True when the promotion gate was overridden. */
  forced: Type.Optional(Type.Boolean()),
  /** What was current before, the newest first, at most POINTER_HISTORY_MAX: where a rollback goes. */
  history: Type.Optional(
    Type.Array(Type.Object({ run_id: Type.String({ pattern: '^[0-9a-f]{32}$' }), timestamp: Type.String() })),
  ),
  /** The version that a rollback took out of service; absent after a promotion. */
  rolled_back_from: Type.Optional(Type.String()),
});

/** How many earlier versions a pointer remembers. */
export const POINTER_HISTORY_MAX = 20;

export type Pointer = Static<typeof PointerSchema>;
