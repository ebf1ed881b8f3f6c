import { Tape } from '../gradient/tape.js';
import { OnnxGraph, type Value } from '../onnx/index.js';
import type { LstmWeights } from './lstm-weights.js';

/**
 * The graph of the network, weights as inputs; with `importance` (one factor for each target) that for training. Inputs: `x` [lookback·batch, features], time-major (all windows'
 * oldest rows first), `y` [batch, targets], `zeros` [batch, hidden], and each weight under its name. Outputs: `forecast` [batch, targets] and,
 * with gradients, `d_<weight>`: the gradient of Σ importance·|forecast − y|, which the caller divides by batch·targets for
 * the mean.
 *
 * Cell (Hochreiter, Schmidhuber 1997; forget gate by Gers et al. 2000): i, o, f = σ(·), c̃ = tanh(·), each of
 * x·W + h·R + b; c = f∘c + i∘c̃; h = o∘tanh(c).
 */
export function lstmProgram({ shape, tensors }: LstmWeights, importance: readonly number[] | null): Uint8Array {
  const graph = new OnnxGraph();
  const tape = new Tape(graph);
  const x = graph.input('x', ['rows', shape.features]);
  const y = importance !== null ? graph.input('y', ['batch', shape.targets]) : null;
  const weights = new Map(tensors.map(({ name, dims }) => [name, graph.input(name, dims)]));
  const weight = (name: string): Value => {
    const value = weights.get(name);
    if (value === undefined) throw new RangeError(`the network has no weights '${name}'`);
    return value;
  };

  const zeros = graph.input('zeros', ['batch', shape.hidden]);
  let sequence = x;
  let last: Value | null = null;
  for (let layer = 0; layer < shape.layers; layer++) {
    const isTop = layer === shape.layers - 1;
    const states = recurrentLayer(
      tape,
      sequence,
      zeros,
      { input: weight(`input_${layer}`), hidden: weight(`hidden_${layer}`), bias: weight(`bias_${layer}`) },
      shape.hidden,
      shape.lookback,
    );
    last = states.at(-1) ?? null;
    if (!isTop) sequence = tape.stackRows(states);
  }
  if (last === null) throw new RangeError('the network has no layers');
  const forecast = tape.affine(last, weight('head'), weight('head_bias'), true);
  graph.output(forecast, 'forecast', ['batch', shape.targets]);
  if (y !== null && importance !== null) {
    // d|e|/de is the sign of e.
    const sign = graph.op('Sign', [graph.op('Sub', [forecast, y])]);
    const seed = graph.op('Mul', [sign, graph.constant(importance, [shape.targets])]);
    const gradients = tape.gradients(
      forecast,
      seed,
      tensors.map(({ name }) => weight(name)),
    );
    tensors.forEach(({ name, dims }, i) => {
      const gradient = gradients[i];
      if (gradient !== undefined) graph.output(gradient, `d_${name}`, dims);
    });
  }
  return graph.toBytes('lstm-training');
}

interface LayerWeights {
  readonly input: Value;
  readonly hidden: Value;
  readonly bias: Value;
}

/** Hidden states [batch, hidden] of one layer, oldest first; `zeros` [batch, hidden] is the state before the first. */
function recurrentLayer(
  tape: Tape,
  sequence: Value,
  zeros: Value,
  weights: LayerWeights,
  hidden: number,
  steps: number,
): Value[] {
  // The input's share of all gates in one product; only the recurrent share has to go step by step.
  const shares = tape.splitRows(tape.affine(sequence, weights.input, weights.bias, true), steps);
  const states: Value[] = [];
  let state = zeros;
  let cell = zeros;
  for (const share of shares) {
    const gates = tape.affine(state, weights.hidden, share, false);
    const [opened, candidate] = tape.split(gates, [3 * hidden, hidden], 1) as [Value, Value];
    const parts = tape.split(tape.sigmoid(opened), [hidden, hidden, hidden], 1);
    const [input, output, forget] = parts as [Value, Value, Value];
    cell = tape.add(tape.multiply(forget, cell), tape.multiply(input, tape.tanh(candidate)));
    state = tape.multiply(output, tape.tanh(cell));
    states.push(state);
  }
  return states;
}
