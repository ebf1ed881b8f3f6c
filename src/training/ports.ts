/** A dense float32 tensor, row-major. */
export interface TensorData {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** An input or output of a graph. */
export interface TensorInfo {
  readonly name: string;
  /** `float32`, `float64`, `int64`, …; null for what is no tensor. */
  readonly type: string | null;
  /** Null: free. */
  readonly dims: readonly (number | null)[];
}

/** A loaded ONNX graph. */
export interface TensorProgram {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Runs the graph; outputs by name. The outputs are the caller's. */
  run(feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, Float32Array>>;
  release(): Promise<void>;
}

/** What computes ONNX graphs for training and evaluation; the runtime room has the real one. */
export interface TensorRuntime {
  /** Throws when the bytes are no model that the runtime can load. */
  load(model: Uint8Array): Promise<TensorProgram>;
}
