export { modelOf, seriesFor } from './bundle-series.js';
export { type EvaluatedModel, evaluateModels, type Evaluation } from './evaluate-models.js';
export { type LoadedSeries, loadSeries } from './load-series.js';
export {
  checkNames,
  type ImportedModel,
  importModel,
} from './importing/import-model.js';
export { readExamples } from './importing/read-examples.js';
export { readJson } from './importing/read-json.js';
export { noScaler, readScaler } from './importing/read-scaler.js';
export { forecastFrom, horizonMax } from './model/run-graph.js';
export type { TensorProgram } from './ports.js';
export { SYNTHETIC_ROWS_MAX, synthesize } from './synthesize.js';
export { type TrainedModel, trainModel, type TrainResult } from './train-model.js';
export type { ModelKind, TrainSettings } from './train-options.js';
export { writeTextFile } from './write-text-file.js';
export type { TrainProgress } from './train-progress.js';
