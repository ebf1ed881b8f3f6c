import process from 'node:process';
import type { InferenceSession } from 'onnxruntime-node';
import { checkedModel, readModel } from './read-model.js';

/** An input or output; `type` null: no tensor; a dimension null: free. */
export interface GraphTensor {
  readonly name: string;
  readonly type: string | null;
  readonly dims: readonly (number | null)[];
}

/** A loaded graph that runs on the calling thread: for training, evaluation and one-off forecasts, never for serving. */
export interface LoadedGraph {
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
  /** Outputs by name. Blocks the thread while it runs. */
  run(
    feeds: Readonly<Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>>,
  ): Promise<Record<string, Float32Array>>;
  release(): Promise<void>;
}

/** Loads ONNX graphs with float32 inputs and outputs. `threads` share the work of one operator. */
export class TensorRuntime {
  readonly #threads: number;

  constructor(threads: number) {
    this.#threads = threads;
  }

  /** `model`: the bytes, or the path of a file. Throws what `readModel` or ONNX Runtime says when it is none to load. */
  async load(model: Uint8Array | string): Promise<LoadedGraph> {
    // Read by the library when it is loaded; and who only serves does not load it into this thread.
    process.env['ORT_DISABLE_TELEMETRY'] = '1';
    const { default: ort } = await import('onnxruntime-node');
    const options = {
      intraOpNumThreads: this.#threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // Warnings about the graph's making are not for the user of a model.
      logSeverityLevel: 3,
    } as const;
    const bytes = typeof model === 'string' ? await readModel(model) : checkedModel(model);
    const session = await ort.InferenceSession.create(bytes, options);
    return {
      inputs: session.inputMetadata.map(describe),
      outputs: session.outputMetadata.map(describe),
      run: async (feeds) => {
        const tensors = Object.entries(feeds).map(
          ([name, { data, dims }]) => [name, new ort.Tensor('float32', data, dims)] as const,
        );
        const outputs = await session.run(Object.fromEntries(tensors));
        return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
      },
      release: () => session.release(),
    };
  }
}

function describe(tensor: InferenceSession.ValueMetadata): GraphTensor {
  if (!tensor.isTensor) return { name: tensor.name, type: null, dims: [] };
  const dims = tensor.shape.map((size) => (typeof size === 'number' && size >= 0 ? size : null));
  return { name: tensor.name, type: tensor.type, dims };
}
