export * from './onnx-graph.js';
export {
  DATA_TYPE,
  decodeModel,
  encodeModel,
  type GraphMessage,
  type ModelMessage,
  OPSET_VERSION,
} from './onnx-schema.js';
