export { loadSeries, type LoadedSeries } from './load-series.js';
export type { TensorProgram, TensorRuntime } from './ports.js';
export { type TrainContext, type TrainedModel, trainModel, type TrainResult } from './train-model.js';
export { DEFAULT_SETTINGS, MODEL_KINDS, type ModelKind, SETTING_RANGES, type TrainSettings } from './train-options.js';
export type { TrainProgress } from './train-progress.js';
