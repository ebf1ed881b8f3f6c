import ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { OnnxGraph } from './onnx-graph.js';

async function run(
  bytes: Uint8Array,
  feeds: Record<string, ort.Tensor>,
): Promise<ort.InferenceSession.OnnxValueMapType> {
  const session = await ort.InferenceSession.create(bytes);
  return session.run(feeds);
}

describe('OnnxGraph', () => {
  it('writes a model that ONNX Runtime loads and computes', async () => {
    const graph = new OnnxGraph();
    const x = graph.input('x', ['batch', 2]);
    const weights = graph.constant([1, 2, 3, 4, 5, 6], [2, 3]);
    const product = graph.op('Gemm', [x, weights, graph.constant([10, 20, 30], [3])]);
    const [left, right] = graph.ops('Split', [product, graph.integers([1, 2])], 2, { axis: 1 });
    graph.output(left!, 'left', ['batch', 1]);
    graph.output(right!, 'right', ['batch', 2]);
    const { left: l, right: r } = await run(graph.toBytes('test'), {
      x: new ort.Tensor('float32', Float32Array.of(1, 0, 0, 1), [2, 2]),
    });
    // [1 0; 0 1] · [1 2 3; 4 5 6] + [10 20 30]
    expect([...(l!.data as Float32Array)]).toEqual([11, 14]);
    expect([...(r!.data as Float32Array)]).toEqual([22, 33, 25, 36]);
  });

  it('refuses a constant whose data and shape disagree', () => {
    expect(() => new OnnxGraph().constant([1, 2, 3], [2, 2])).toThrow('a constant of shape [2, 2] has 3 values');
  });
});
