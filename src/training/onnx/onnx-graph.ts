import {
  ATTRIBUTE_TYPE,
  DATA_TYPE,
  encodeModel,
  type GraphMessage,
  IR_VERSION,
  type ModelMessage,
  OPSET_VERSION,
} from './onnx-schema.js';

/** A tensor inside a graph, by its name. */
export type Value = string & { readonly value: unique symbol };

/** Attributes of the nodes that are written here: integers (`axis`) and lists of them. */
export type Attributes = Readonly<Record<string, number | readonly number[]>>;

/** A dimension: a size, or the name of a free one (`batch`). */
export type Dimension = number | string;

/**
 * Builds an ONNX graph node by node, opset 14, IR 8. Names are made here, so graphs can be joined without clashes;
 * only inputs and outputs carry the names that they are given. Nodes must be added after those that they read.
 */
export class OnnxGraph {
  readonly #nodes: Record<string, unknown>[] = [];
  readonly #initializers: Record<string, unknown>[] = [];
  readonly #inputs: Record<string, unknown>[] = [];
  readonly #outputs: Record<string, unknown>[] = [];
  readonly #prefix: string;
  #names = 0;

  /** `prefix` of all names that are made here, for parts that go into another graph. */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  input(name: string, dims: readonly Dimension[]): Value {
    this.#inputs.push(valueInfo(name, dims));
    return name as Value;
  }

  /** Declares a value as an output of the graph under the given name. */
  output(value: Value, name: string, dims: readonly Dimension[]): void {
    this.name(value, name);
    this.#outputs.push(valueInfo(name, dims));
  }

  /** Gives a value a name that the rest of a graph reads it by. */
  name(value: Value, name: string): void {
    this.#nodes.push({
      op_type: 'Identity',
      name: this.#fresh('Identity'),
      input: [value],
      output: [name],
      attribute: [],
    });
  }

  /** A float32 constant. `dims` [] is a scalar. Throws RangeError when data and dims disagree. */
  constant(data: ArrayLike<number>, dims: readonly number[]): Value {
    const floats = Float32Array.from(data);
    return this.#initializer(floats.length, new Uint8Array(floats.buffer), dims, DATA_TYPE.float);
  }

  scalar(value: number): Value {
    return this.constant([value], []);
  }

  /** A constant int64 vector, as axes, shapes and indices are given. */
  integers(values: readonly number[]): Value {
    const integers = BigInt64Array.from(values, BigInt);
    return this.#initializer(values.length, new Uint8Array(integers.buffer), [values.length], DATA_TYPE.int64);
  }

  /** Adds a node with one output that is used. An input of '' is an optional one left out. */
  op(type: string, inputs: readonly (Value | '')[], attributes: Attributes = {}): Value {
    const [first] = this.ops(type, inputs, 1, attributes);
    if (first === undefined) throw new Error('a node has no output');
    return first;
  }

  /** Adds a node with `count` outputs. */
  ops(type: string, inputs: readonly (Value | '')[], count: number, attributes: Attributes = {}): Value[] {
    const name = this.#fresh(type);
    const outputs = Array.from({ length: count }, (_, i) => `${name}_${i}` as Value);
    this.#nodes.push({
      op_type: type,
      name,
      input: inputs,
      output: outputs,
      attribute: Object.entries(attributes).map(attributeOf),
    });
    return outputs;
  }

  /** Puts `before` in front of the nodes of a model and this graph behind them; its inputs and outputs become theirs. */
  append(model: ModelMessage, before: OnnxGraph): void {
    const { graph } = model;
    graph.node = [...before.#nodes, ...graph.node, ...this.#nodes] as unknown as GraphMessage['node'];
    const constants = [...before.#initializers, ...this.#initializers] as { name: string }[];
    graph.initializer = [...graph.initializer, ...constants];
    graph.input = before.#inputs as { name: string }[];
    graph.output = this.#outputs as { name: string }[];
  }

  /** The finished model. */
  toBytes(name: string): Uint8Array {
    return encodeModel({
      ir_version: IR_VERSION,
      producer_name: 'flts',
      opset_import: [{ domain: '', version: OPSET_VERSION }],
      graph: {
        name,
        node: this.#nodes,
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs,
      },
    });
  }

  #initializer(length: number, bytes: Uint8Array, dims: readonly number[], type: number): Value {
    const size = dims.reduce((product, dim) => product * dim, 1);
    if (size !== length) throw new RangeError(`a constant of shape [${dims.join(', ')}] has ${length} values`);
    const name = this.#fresh('constant');
    this.#initializers.push({ name, dims, data_type: type, raw_data: bytes });
    return name as Value;
  }

  #fresh(type: string): string {
    this.#names++;
    return `${this.#prefix}${type}_${this.#names}`;
  }
}

function valueInfo(name: string, dims: readonly Dimension[]): Record<string, unknown> {
  const dim = dims.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type: DATA_TYPE.float, shape: { dim } } } };
}

function attributeOf([name, value]: [string, Attributes[string]]): Record<string, unknown> {
  if (typeof value === 'number') return { name, type: ATTRIBUTE_TYPE.int, i: value };
  return { name, type: ATTRIBUTE_TYPE.ints, ints: value };
}
