import { type Bundle, FltsError } from '../contract/index.js';
import { decodeResiduals, type Residuals, TIME_FEATURES } from '../domain/forecast/index.js';

/** A data column of the window: where it goes, and where its forecast comes from. */
export interface SpecColumn {
  readonly name: string;
  /** Position in the window's features. */
  readonly feature: number;
  /** Position among the targets; -1 when the model does not predict it. */
  readonly target: number;
  /** What an empty cell becomes. */
  readonly fill: number;
}

/** A bundle made ready for preparing windows and forming answers: everything looked up once. */
export interface ModelSpec {
  readonly runId: string;
  readonly identifier: string;
  readonly modelType: string;
  /** Digest of model.onnx, hex. */
  readonly modelHash: string;
  /** First 12 hex digits of the digest: what replies call `model_version`. */
  readonly version: string;
  readonly lookback: number;
  readonly steps: number;
  readonly stepMs: number;
  /** Columns of the window, data columns and time features. */
  readonly features: number;
  readonly targets: readonly string[];
  /** `,"name":` of each target, as its value follows in every row of a reply. */
  readonly targetKeys: readonly string[];
  /** Data columns sorted by name, as error texts list them. */
  readonly columns: readonly SpecColumn[];
  readonly columnNames: ReadonlySet<string>;
  /** Position of the first of the six time features; -1 when the model takes none. */
  readonly timeFeature: number;
  /**
   * The longest horizon: without end where the model predicts every data column of its window, else its own steps,
   * since what it does not predict is not known after them.
   */
  readonly horizonMax: number;
  readonly residuals: Residuals;
}

/** Throws FLTS_BUNDLE_CORRUPT when the parts of the bundle do not fit each other. */
export function compileModelSpec(bundle: Bundle, identifier: string): ModelSpec {
  const corrupt = (why: string): never => {
    throw new FltsError('FLTS_BUNDLE_CORRUPT', `The bundle of run ${bundle.run_id} cannot be served: ${why}.`);
  };
  const timeNames: readonly string[] = TIME_FEATURES;
  const timeFeature = bundle.features.indexOf(TIME_FEATURES[0]);
  const timeCount = bundle.features.filter((name) => timeNames.includes(name)).length;
  const inOrder = timeNames.every((name, i) => bundle.features[timeFeature + i] === name);
  if (timeCount > 0 && !inOrder) corrupt('its time features are not the six of the contract in their order');

  const names = bundle.features.filter((name) => !timeNames.includes(name));
  if (new Set(bundle.features).size !== bundle.features.length) corrupt('a feature is listed twice');
  for (const target of bundle.targets) {
    if (!names.includes(target)) corrupt(`target '${target}' is not among its data columns`);
  }
  const columns = names
    .map((name) => ({
      name,
      feature: bundle.features.indexOf(name),
      target: bundle.targets.indexOf(name),
      fill: Object.hasOwn(bundle.fill.values, name) ? (bundle.fill.values[name] ?? 0) : 0,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

  return {
    runId: bundle.run_id,
    identifier,
    modelType: bundle.model_type,
    modelHash: bundle.model_sha256,
    version: bundle.model_sha256.slice(0, 12),
    lookback: bundle.lookback,
    steps: bundle.steps,
    stepMs: bundle.frequency_s * 1000,
    features: bundle.features.length,
    targets: bundle.targets,
    targetKeys: bundle.targets.map((target) => `,${JSON.stringify(target)}:`),
    columns,
    columnNames: new Set(names),
    timeFeature: timeCount > 0 ? timeFeature : -1,
    horizonMax: columns.every((column) => column.target >= 0) ? Number.POSITIVE_INFINITY : bundle.steps,
    residuals: decode(bundle),
  };
}

function decode(bundle: Bundle): Residuals {
  try {
    return decodeResiduals(bundle.residuals, bundle.targets.length);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FltsError('FLTS_BUNDLE_CORRUPT', `The bundle of run ${bundle.run_id} cannot be served: ${why}.`, {
      cause,
    });
  }
}
