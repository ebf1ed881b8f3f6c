import type { OnnxGraph, Value } from '../onnx/index.js';
import { type LstmWeights, tensorOf } from './lstm-weights.js';

/** ONNX weights of one layer, ready to be shared by several LSTM nodes. */
interface LayerConstants {
  readonly w: Value;
  readonly r: Value;
  readonly b: Value;
}

/** The network's weights as constants of a graph: added once, used by every unrolled step. */
export interface LstmConstants {
  readonly hidden: number;
  readonly layers: readonly LayerConstants[];
  readonly head: Value;
  readonly headBias: Value;
}

/** Adds the weights to the graph in ONNX's layout: W [1, 4h, width], R [1, 4h, h], B [1, 8h]. */
export function addLstmConstants(graph: OnnxGraph, weights: LstmWeights): LstmConstants {
  const { shape } = weights;
  const gates = 4 * shape.hidden;
  const layers = Array.from({ length: shape.layers }, (_, layer) => {
    const input = tensorOf(weights, `input_${layer}`);
    const hidden = tensorOf(weights, `hidden_${layer}`);
    const bias = new Float32Array(2 * gates);
    bias.set(tensorOf(weights, `bias_${layer}`).data);
    return {
      w: graph.constant(transpose(input.data, input.dims[0], gates), [1, gates, input.dims[0]]),
      r: graph.constant(transpose(hidden.data, shape.hidden, gates), [1, gates, shape.hidden]),
      b: graph.constant(bias, [1, 2 * gates]),
    };
  });
  return {
    hidden: shape.hidden,
    layers,
    head: graph.constant(tensorOf(weights, 'head').data, [shape.hidden, shape.targets]),
    headBias: graph.constant(tensorOf(weights, 'head_bias').data, [shape.targets]),
  };
}

/**
 * The network over standardised windows: [lookback, batch, features] → [batch, targets]. Initial states are left out,
 * which ONNX reads as zero, so the batch stays free.
 */
export function appendLstm(graph: OnnxGraph, constants: LstmConstants, windowTimeMajor: Value): Value {
  let sequence = windowTimeMajor;
  let last: Value | null = null;
  const top = constants.layers.length - 1;
  for (const [layer, { w, r, b }] of constants.layers.entries()) {
    const attributes = { hidden_size: constants.hidden };
    const [states, final] = graph.ops('LSTM', [sequence, w, r, b], 2, attributes) as [Value, Value];
    // Y is [lookback, 1, batch, hidden], Y_h [1, batch, hidden]; the axis of directions goes.
    if (layer === top) last = graph.op('Squeeze', [final, graph.integers([0])]);
    else sequence = graph.op('Squeeze', [states, graph.integers([1])]);
  }
  if (last === null) throw new RangeError('the network has no layers');
  return graph.op('Gemm', [last, constants.head, constants.headBias]);
}

/** [rows, columns] row-major → [columns, rows] row-major. */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j] ?? 0;
  }
  return turned;
}
