import { type RidgeModel, ridgeInputs, TIME_FEATURES } from '../../domain/forecast/index.js';
import { addLstmConstants, appendLstm, type LstmWeights } from '../lstm/index.js';
import { OnnxGraph, type Value } from '../onnx/index.js';
import type { FeatureSpace } from './feature-space.js';

/** What a graph is made of: at least one of the two; with both, their mean in log space. */
export interface Members {
  readonly ridge?: RidgeModel;
  readonly lstm?: LstmWeights;
}

/**
 * The model as an ONNX file: `window` float32 [batch, lookback, features] in raw units → `forecast` float32
 * [batch, steps, columns] in raw units (CONTRACT §4). Logarithm, standardisation, their inverse and the clamps of
 * windows and forecasts to the training range are nodes of the graph. All members must share the space, and predict as many steps.
 */
export function exportGraph(space: FeatureSpace, members: Members, steps: number): Uint8Array {
  const { columns, lookback } = space;
  const width = columns.length;
  const graph = new OnnxGraph();
  const window = graph.input('window', ['batch', lookback, width + TIME_FEATURES.length]);
  const [data, time] = graph.ops('Split', [window, graph.integers([width, TIME_FEATURES.length])], 2, {
    axis: 2,
  }) as [Value, Value];
  const row = (values: readonly number[]): Value => graph.constant(values, [values.length]);
  const offset = row(space.scales.map((scale) => scale.logOffset ?? 0));
  const mean = row(space.scales.map((scale) => scale.mean));
  const std = row(space.scales.map((scale) => scale.std));

  // What training has not seen (an outage, a burst) would be extrapolated without bound.
  const inRange = graph.op('Max', [graph.op('Min', [data, row(space.max)]), row(space.min)]);
  const logarithm = graph.op('Log', [graph.op('Add', [inRange, offset])]);
  const standardised = graph.op('Div', [graph.op('Sub', [logarithm, mean]), std]);
  const season = graph.op('Mul', [time, row(space.mask)]);

  const forecasts: Value[] = [];
  if (members.ridge !== undefined) forecasts.push(appendRidge(graph, members.ridge, standardised, season));
  if (members.lstm !== undefined) {
    const features = graph.op('Concat', [standardised, season], { axis: 2 });
    const timeMajor = graph.op('Transpose', [features], { perm: [1, 0, 2] });
    forecasts.push(appendLstm(graph, addLstmConstants(graph, members.lstm), timeMajor));
  }
  const flat = graph.op('Reshape', [meanOf(graph, forecasts), graph.integers([-1, steps, width])]);
  const unscaled = graph.op('Add', [graph.op('Mul', [flat, std]), mean]);
  const raw = graph.op('Sub', [graph.op('Exp', [unscaled]), offset]);
  const clamped = graph.op('Max', [graph.op('Min', [raw, row(space.max)]), row(space.min)]);
  graph.output(clamped, 'forecast', ['batch', steps, width]);
  return graph.toBytes('forecast');
}

/** One product of the flattened window, the last row's time features and the weights: [batch, steps·columns]. */
function appendRidge(graph: OnnxGraph, ridge: RidgeModel, standardised: Value, season: Value): Value {
  const outputs = ridge.steps * ridge.columns;
  // The last input is the constant 1: its weights are the bias.
  const inputs = ridgeInputs(ridge) - 1;
  const lags = graph.op('Reshape', [standardised, graph.integers([-1, ridge.lookback * ridge.columns])]);
  const last = graph.integers([ridge.lookback - 1]);
  const lastTime = graph.op('Slice', [season, last, graph.integers([ridge.lookback]), graph.integers([1])]);
  const time = graph.op('Reshape', [lastTime, graph.integers([-1, TIME_FEATURES.length])]);
  return graph.op('Gemm', [
    graph.op('Concat', [lags, time], { axis: 1 }),
    graph.constant(ridge.weights.subarray(0, inputs * outputs), [inputs, outputs]),
    graph.constant(ridge.weights.subarray(inputs * outputs), [outputs]),
  ]);
}

function meanOf(graph: OnnxGraph, values: readonly Value[]): Value {
  const [first, ...others] = values;
  if (first === undefined) throw new RangeError('a model needs a member');
  if (others.length === 0) return first;
  const sum = others.reduce((total, value) => graph.op('Add', [total, value]), first);
  return graph.op('Mul', [sum, graph.scalar(1 / values.length)]);
}
