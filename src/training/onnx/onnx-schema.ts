import protobuf from 'protobufjs';

/**
 * The part of the ONNX format that is written or changed here, with the field numbers of onnx.proto3. Fields that are
 * not named are kept when a file is read and written again.
 * Source: ONNX, "Open Neural Network Exchange Intermediate Representation (ONNX IR) Specification", IR version 8.
 */
const SCHEMA = {
  nested: {
    OperatorSetId: { fields: { domain: { type: 'string', id: 1 }, version: { type: 'int64', id: 2 } } },
    Dimension: { fields: { dim_value: { type: 'int64', id: 1 }, dim_param: { type: 'string', id: 2 } } },
    TensorShape: { fields: { dim: { rule: 'repeated', type: 'Dimension', id: 1 } } },
    TensorType: { fields: { elem_type: { type: 'int32', id: 1 }, shape: { type: 'TensorShape', id: 2 } } },
    Type: { fields: { tensor_type: { type: 'TensorType', id: 1 } } },
    ValueInfo: { fields: { name: { type: 'string', id: 1 }, type: { type: 'Type', id: 2 } } },
    SparseTensor: { fields: { values: { type: 'Tensor', id: 1 } } },
    Tensor: {
      fields: {
        dims: { rule: 'repeated', type: 'int64', id: 1 },
        data_type: { type: 'int32', id: 2 },
        name: { type: 'string', id: 8 },
        raw_data: { type: 'bytes', id: 9 },
      },
    },
    Attribute: {
      fields: {
        name: { type: 'string', id: 1 },
        i: { type: 'int64', id: 3 },
        g: { type: 'Graph', id: 6 },
        ints: { rule: 'repeated', type: 'int64', id: 8 },
        graphs: { rule: 'repeated', type: 'Graph', id: 11 },
        type: { type: 'int32', id: 20 },
      },
    },
    Node: {
      fields: {
        input: { rule: 'repeated', type: 'string', id: 1 },
        output: { rule: 'repeated', type: 'string', id: 2 },
        name: { type: 'string', id: 3 },
        op_type: { type: 'string', id: 4 },
        attribute: { rule: 'repeated', type: 'Attribute', id: 5 },
      },
    },
    Graph: {
      fields: {
        node: { rule: 'repeated', type: 'Node', id: 1 },
        name: { type: 'string', id: 2 },
        initializer: { rule: 'repeated', type: 'Tensor', id: 5 },
        input: { rule: 'repeated', type: 'ValueInfo', id: 11 },
        output: { rule: 'repeated', type: 'ValueInfo', id: 12 },
        value_info: { rule: 'repeated', type: 'ValueInfo', id: 13 },
        sparse_initializer: { rule: 'repeated', type: 'SparseTensor', id: 15 },
      },
    },
    Model: {
      fields: {
        ir_version: { type: 'int64', id: 1 },
        producer_name: { type: 'string', id: 2 },
        graph: { type: 'Graph', id: 7 },
        opset_import: { rule: 'repeated', type: 'OperatorSetId', id: 8 },
      },
    },
  },
} as const;

export const IR_VERSION = 8;
export const OPSET_VERSION = 14;

/** TensorProto.DataType of what is written here. */
export const DATA_TYPE = { float: 1, int64: 7, double: 11 } as const;

/** AttributeProto.AttributeType of what is written here. */
export const ATTRIBUTE_TYPE = { int: 2, ints: 7 } as const;

const root = protobuf.Root.fromJSON(SCHEMA);
const modelType = root.lookupType('Model');

/** A GraphProto as far as it is changed here. */
export interface GraphMessage {
  node: NodeMessage[];
  initializer: { name: string }[];
  sparse_initializer: { values?: { name: string } | null }[];
  input: { name: string }[];
  output: { name: string }[];
  value_info: { name: string }[];
}

export interface NodeMessage {
  op_type: string;
  input: string[];
  output: string[];
  attribute: { g?: GraphMessage | null; graphs: GraphMessage[] }[];
}

export interface ModelMessage {
  ir_version: unknown;
  producer_name: string;
  opset_import: { domain: string; version: unknown }[];
  graph: GraphMessage;
}

/**
 * A ModelProto to be changed and encoded again; fields that the schema does not name stay in it. The bytes must have
 * passed `modelProblem`. Throws what protobufjs says about bytes that are none.
 */
export function decodeModel(bytes: Uint8Array): ModelMessage {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = false;
  return modelType.decode(reader) as unknown as ModelMessage;
}

/** Bytes of a ModelProto given as a plain object with the field names of the format. */
export function encodeModel(model: Record<string, unknown> | ModelMessage): Uint8Array {
  return modelType.encode(modelType.fromObject(model)).finish();
}
