import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dimension, OnnxGraph, type Value } from '../../../src/training/onnx/index.js';

/** What `flts models import` is given. */
export interface ImportFiles {
  readonly model: Uint8Array | string;
  readonly scaler: unknown;
  readonly example: unknown;
}

export const FEATURES = ['down', 'up'] as const;
export const LOOKBACK = 3;
export const STEPS = 2;

/** Growth by step and target of the small foreign model, in scaled units. */
const GROWTH = [1, 1, 1.25, 0.75] as const;
const SCALER = {
  down: { kind: 'standard', mean: 100, std: 20 },
  up: { kind: 'standard', mean: 10, std: 4 },
} as const;

export interface ForeignGraph {
  readonly input?: readonly Dimension[];
  readonly output?: readonly Dimension[];
  /** The forecast [batch, 2, 2] from the window [batch, 3, 2]. */
  readonly body?: (graph: OnnxGraph, window: Value) => Value;
  /** Adds inputs and outputs to the graph. */
  readonly more?: (graph: OnnxGraph, forecast: Value) => void;
}

/** The last row of the window, once for each step, times the growth, times a factor. */
export function grown(graph: OnnxGraph, window: Value, factor = 1): Value {
  const rows = graph.op('Gather', [window, graph.integers([LOOKBACK - 1, LOOKBACK - 1])], { axis: 1 });
  return graph.op('Mul', [
    rows,
    graph.constant(
      GROWTH.map((growth) => growth * factor),
      [STEPS, FEATURES.length],
    ),
  ]);
}

/** A model as another tool may have written it; with no wish a good one. */
export function foreignModel(wish: ForeignGraph = {}): Uint8Array {
  const { input = ['n', LOOKBACK, FEATURES.length], output = ['n', STEPS, FEATURES.length], body = grown, more } = wish;
  const graph = new OnnxGraph();
  const forecast = body(graph, graph.input('x', input));
  graph.output(forecast, 'y', output);
  more?.(graph, forecast);
  return graph.toBytes('foreign');
}

/** An example that the good model answers (or that times a factor), raw units. */
export function goodExample(
  last: readonly [number, number] = [140, 12],
  factor = 1,
): { window: number[][]; forecast: number[][] } {
  const forecast = Array.from({ length: STEPS }, (_, step) =>
    FEATURES.map((name, target) => {
      const { mean } = SCALER[name];
      return (
        ((last[target] ?? Number.NaN) - mean) * (GROWTH[step * FEATURES.length + target] ?? Number.NaN) * factor + mean
      );
    }),
  );
  return { window: [[100, 10], [120, 11], [...last]], forecast };
}

/** Files that are imported as they are: what a test then breaks. */
export function goodFiles(): ImportFiles {
  return { model: foreignModel(), scaler: SCALER, example: [goodExample(), goodExample([90, 9])] };
}

/** Writes them into a folder (text as it is, objects as JSON); answers the command line that imports them. */
export function writeImport(folder: string, { model, scaler, example }: ImportFiles): string[] {
  const paths = { model: join(folder, 'm.onnx'), scaler: join(folder, 's.json'), example: join(folder, 'e.json') };
  writeFileSync(paths.model, model);
  writeFileSync(paths.scaler, textOf(scaler));
  writeFileSync(paths.example, textOf(example));
  return [
    'models',
    'import',
    paths.model,
    '--features',
    FEATURES.join(','),
    '--scaler',
    paths.scaler,
    '--example',
    paths.example,
  ];
}

function textOf(content: unknown): string | Uint8Array {
  return typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
}
