export * from './ceilings.js';
export * from './check-prediction.js';
export * from './diagnose.js';
export {
  type Effect,
  type Finding,
  type PhaseObservation,
  type Prediction,
  type ServerObservation,
} from './observation.js';
