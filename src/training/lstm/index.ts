export * from './lstm-layers.js';
export * from './lstm-weights.js';
export * from './train-lstm.js';
