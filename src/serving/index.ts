export { type Connection, ConnectionLives } from './connection-lives.js';
export { DrainRate } from '../domain/admission/index.js';
export { DEFAULT_PRIORITY, LinkedQueue, type Place, PRIORITIES } from '../domain/batching/index.js';
export { Engine, type EngineLimits } from './scheduling/engine.js';
export { Lane } from './scheduling/lane.js';
export {
  mergeFigures,
  mergeProcesses,
  type ProcessFigures,
  processFigures,
  withoutState,
} from './figures/machine-figures.js';
export { mergeIndex } from './figures/merge-index.js';
export { queueStats, type StatsSources } from './figures/queue-stats.js';
export { RequestLedger, shedReasonOf, statusOf } from './figures/request-ledger.js';
export { ForecastCache } from './forecast-cache.js';
export { compileModelSpec, type ModelSpec } from './model-spec.js';
export { emptyTiming, type RequestTiming } from './scheduling/pending-request.js';
export * from './ports.js';
export { type PendingPrediction, PredictionService, type PredictReplyText } from './prediction-service.js';
export { prepareRequest } from './prepare-request.js';
export { ModelCatalogue } from './versions/model-catalogue.js';
export { ModelManager } from './versions/model-manager.js';
export { ANY_MODEL, ModelTable, type ModelWish, ServedModel } from './versions/model-table.js';
export { type Visit } from './scheduling/visit.js';
