/** A dense float32 tensor, row-major. */
export interface TensorData {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** A loaded ONNX graph. */
export interface TensorProgram {
  /** Runs the graph; outputs by name. The outputs are the caller's. */
  run(feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, Float32Array>>;
  release(): Promise<void>;
}

/** What computes ONNX graphs for training and evaluation; the runtime room has the real one. */
export interface TensorRuntime {
  /** Throws when the bytes are no model that the runtime can load. */
  load(model: Uint8Array): Promise<TensorProgram>;
}
