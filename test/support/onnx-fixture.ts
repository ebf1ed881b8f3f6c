/**
 * A few small ONNX models, written byte by byte (protobuf wire format, onnx.proto of opset 14), so that the service
 * can be tested without the training room. Each maps `window` [batch, L, F] to `forecast` [batch, S, T].
 */

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

type Bytes = Uint8Array;

function concat(parts: readonly Bytes[]): Bytes {
  return new Uint8Array(Buffer.concat(parts));
}

const int = (field: number, value: number): Bytes => Uint8Array.from([...varint(field * 8), ...varint(value)]);
const bytes = (field: number, value: Bytes): Bytes =>
  concat([Uint8Array.from([...varint(field * 8 + 2), ...varint(value.length)]), value]);
const text = (field: number, value: string): Bytes => bytes(field, new TextEncoder().encode(value));
const message = (field: number, ...parts: Bytes[]): Bytes => bytes(field, concat(parts));

const FLOAT = 1;
const INT64 = 7;

function floats(name: string, dims: readonly number[], values: readonly number[]): Bytes {
  const raw = new Uint8Array(Float32Array.from(values).buffer);
  return message(5, ...dims.map((dim) => int(1, dim)), int(2, FLOAT), text(8, name), bytes(9, raw));
}

function longs(name: string, values: readonly number[]): Bytes {
  const raw = new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
  return message(5, int(1, values.length), int(2, INT64), text(8, name), bytes(9, raw));
}

function node(op: string, inputs: readonly string[], output: string, ...attributes: Bytes[]): Bytes {
  return message(1, ...inputs.map((input) => text(1, input)), text(2, output), text(4, op), ...attributes);
}

const axis = (value: number): Bytes => message(5, text(1, 'axis'), int(3, value), int(20, 2));

function value(field: number, name: string, dims: readonly (number | string)[]): Bytes {
  const shape = dims.map((dim) => message(1, typeof dim === 'string' ? text(2, dim) : int(1, dim)));
  return message(field, text(1, name), message(2, message(1, int(1, FLOAT), message(2, ...shape))));
}

export interface FixtureShape {
  readonly lookback: number;
  readonly features: number;
  readonly steps: number;
  readonly targets: number;
}

function model(parts: readonly Bytes[], shape: FixtureShape, output = 'forecast'): Bytes {
  const graph = message(
    7,
    ...parts,
    text(2, 'fixture'),
    value(11, 'window', ['batch', shape.lookback, shape.features]),
    value(12, output, ['batch', shape.steps, shape.targets]),
  );
  return concat([int(1, 8), graph, message(8, text(1, ''), int(2, 14))]);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The last row's first T columns. */
function lastRow(shape: FixtureShape): Bytes[] {
  return [
    longs('last_index', [shape.lookback - 1]),
    longs('target_index', range(shape.targets)),
    node('Gather', ['window', 'last_index'], 'last', axis(1)),
    node('Gather', ['last', 'target_index'], 'level', axis(2)),
  ];
}

/** forecast[s][t] = last[t] + (s + 1)·(t + 1): worked out by hand for any horizon. */
export function driftModel(shape: FixtureShape): Bytes {
  const drift = range(shape.steps).flatMap((s) => range(shape.targets).map((t) => (s + 1) * (t + 1)));
  const parts = [floats('drift', [shape.steps, shape.targets], drift), ...lastRow(shape)];
  return model([...parts, node('Add', ['level', 'drift'], 'forecast')], shape);
}

/**
 * forecast[t] = 0.9·last[t] + 1e6·tanh(W·window): every cell of the window counts, each with a weight of its own, so
 * that a swapped row or column shows. One step.
 */
export function mixerModel(shape: FixtureShape, scaleOf: (feature: number) => number): Bytes {
  const cells = shape.lookback * shape.features;
  const weights = range(cells).flatMap((cell) =>
    range(shape.targets).map((t) => Math.sin(cell * 12.9898 + t * 78.233) / (cells * scaleOf(cell % shape.features))),
  );
  return model(
    [
      ...lastRow(shape),
      floats('w', [cells, shape.targets], weights),
      floats('keep', [1], [0.9]),
      floats('amplitude', [1], [1e6]),
      longs('flat_shape', [-1, cells]),
      longs('row_shape', [-1, 1, shape.targets]),
      node('Reshape', ['window', 'flat_shape'], 'flat'),
      node('MatMul', ['flat', 'w'], 'z'),
      node('Tanh', ['z'], 'tanh'),
      node('Mul', ['tanh', 'amplitude'], 'swing'),
      node('Reshape', ['swing', 'row_shape'], 'swing_rows'),
      node('Mul', ['level', 'keep'], 'kept'),
      node('Add', ['kept', 'swing_rows'], 'forecast'),
    ],
    shape,
  );
}

/** forecast = log(last): NaN as soon as a value is negative. One step. */
export function logModel(shape: FixtureShape): Bytes {
  return model([...lastRow(shape), node('Log', ['level'], 'forecast')], shape);
}

/** A well-formed model whose output has another name. */
export function foreignModel(shape: FixtureShape): Bytes {
  return model([...lastRow(shape), node('Identity', ['level'], 'y')], shape, 'y');
}

/** The model with more in its graph: protobuf joins two graphs of one message. */
function joined(model: Bytes, ...parts: Bytes[]): Bytes {
  return concat([model, message(7, ...parts)]);
}

/** A tensor more, `secret`, whose numbers would be read from the file `passwd` of the machine. */
export function withExternalTensor(model: Bytes): Bytes {
  const location = message(13, text(1, 'location'), text(2, 'passwd'));
  return joined(model, message(5, int(1, 4), int(2, FLOAT), text(8, 'secret'), location, int(14, 1)));
}

/** A node more, whose operator needs a library of its maker. */
export function withCustomOperator(model: Bytes): Bytes {
  return joined(model, node('Forecast', [], 'unused', text(7, 'com.acme')));
}
