import {
  DATA_TYPE,
  encodeModel,
  type GraphMessage,
  type ModelMessage,
  OnnxGraph,
  OPSET_VERSION,
  type Value,
} from '../onnx/index.js';
import type { ForeignShape } from './foreign-shape.js';
import type { Affine, Scaler } from './read-scaler.js';

/** The bundle's own names, which no inner value may have. */
const INPUT = 'window';
const OUTPUT = 'forecast';
/** Initializers that are no inputs came with this version. */
const IR_VERSION_MIN = 4;

export interface Adaptation {
  readonly shape: ForeignShape;
  readonly scaler: Scaler;
  readonly lookback: number;
  readonly steps: number;
  /** Features of the bundle's window. */
  readonly windowFeatures: readonly string[];
  /** Features as the foreign model takes them. */
  readonly foreignFeatures: readonly string[];
  readonly targets: number;
}

/**
 * The foreign model with the contract's input and output around it (CONTRACT §4): features put in its order, scaled,
 * flattened and widened as it wants; its answer shaped, brought back to raw units. Everything inside stays as it is,
 * but for inner values that have the contract's names. Changes `model`.
 */
export function adaptModel(model: ModelMessage, plan: Adaptation): { model: Uint8Array; type: ModelType } {
  const { graph } = model;
  const names = new Set<string>();
  visitNames(graph, (name) => {
    names.add(name);
    return name;
  });
  let prefix = 'flts_';
  while ([...names].some((name) => name.startsWith(prefix))) prefix = `flts_${prefix}`;
  const renamed = (name: string): string => (name === INPUT || name === OUTPUT ? `${prefix}${name}` : name);
  visitNames(graph, renamed);
  const type = typeOf(graph);
  const before = inputSide(plan, `${prefix}in_`, renamed(plan.shape.input.name));
  outputSide(plan, `${prefix}out_`, renamed(plan.shape.output.name)).append(model, before);
  if (Number(model.ir_version) < IR_VERSION_MIN) model.ir_version = IR_VERSION_MIN;
  const hasOpset = model.opset_import.some(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (!hasOpset) model.opset_import = [...model.opset_import, { domain: '', version: OPSET_VERSION }];
  return { model: encodeModel(model), type };
}

function inputSide(plan: Adaptation, prefix: string, name: string): OnnxGraph {
  const { shape, scaler, lookback, windowFeatures, foreignFeatures } = plan;
  const graph = new OnnxGraph(prefix);
  let value = graph.input(INPUT, ['batch', lookback, windowFeatures.length]);
  const order = foreignFeatures.map((feature) => windowFeatures.indexOf(feature));
  if (order.length !== windowFeatures.length || order.some((from, i) => from !== i)) {
    value = graph.op('Gather', [value, graph.integers(order)], { axis: 2 });
  }
  if (isScaled(scaler.features)) {
    const [center, scale] = constants(graph, scaler.features);
    value = graph.op('Div', [graph.op('Sub', [value, center]), scale]);
  }
  if (shape.input.isFlat) {
    value = graph.op('Reshape', [value, graph.integers([-1, lookback * foreignFeatures.length])]);
  }
  if (shape.input.isDouble) value = graph.op('Cast', [value], { to: DATA_TYPE.double });
  graph.name(value, name);
  return graph;
}

function outputSide(plan: Adaptation, prefix: string, name: string): OnnxGraph {
  const { shape, scaler, steps, targets } = plan;
  const graph = new OnnxGraph(prefix);
  let value = name as Value;
  if (shape.output.isDouble) value = graph.op('Cast', [value], { to: DATA_TYPE.float });
  value = graph.op('Reshape', [value, graph.integers([-1, steps, targets])]);
  if (isScaled(scaler.targets)) {
    const [center, scale] = constants(graph, scaler.targets);
    value = graph.op('Add', [graph.op('Mul', [value, scale]), center]);
  }
  graph.output(value, OUTPUT, ['batch', steps, targets]);
  return graph;
}

function constants(graph: OnnxGraph, scales: readonly Affine[]): [Value, Value] {
  const row = (values: readonly number[]): Value => graph.constant(values, [values.length]);
  return [row(scales.map(({ center }) => center)), row(scales.map(({ scale }) => scale))];
}

function isScaled(scales: readonly Affine[]): boolean {
  return scales.some(({ center, scale }) => center !== 0 || scale !== 1);
}

/** Puts `change(name)` in place of every name of a value, in nested graphs too: those see the outer graph's values. */
function visitNames(graph: GraphMessage, change: (name: string) => string): void {
  const rename = (named: { name: string }): void => {
    named.name = change(named.name);
  };
  graph.initializer.forEach(rename);
  for (const { values } of graph.sparse_initializer) if (values) rename(values);
  [...graph.input, ...graph.output, ...graph.value_info].forEach(rename);
  for (const node of graph.node) {
    node.input = node.input.map(change);
    node.output = node.output.map(change);
    for (const { g, graphs } of node.attribute) {
      for (const inner of !g ? graphs : [g, ...graphs]) visitNames(inner, change);
    }
  }
}

export type ModelType = 'LSTM' | 'GRU' | 'MLP' | 'ONNX';

/** What kind of model the operators show: for people; nothing depends on it. */
function typeOf(graph: GraphMessage): ModelType {
  const count = (...types: string[]): number => graph.node.filter((node) => types.includes(node.op_type)).length;
  if (count('LSTM') > 0) return 'LSTM';
  if (count('GRU') > 0) return 'GRU';
  return count('Gemm', 'MatMul') > 1 && count('Relu', 'Tanh', 'Sigmoid', 'LeakyRelu', 'Elu', 'Gelu') > 0
    ? 'MLP'
    : 'ONNX';
}

/** The program that wrote the file, and its version of the standard operators: for the record. */
export function originOf(model: ModelMessage): { producer: string; opset: number } {
  const standard = model.opset_import.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  return { producer: model.producer_name, opset: Number(standard?.version ?? 0) };
}
