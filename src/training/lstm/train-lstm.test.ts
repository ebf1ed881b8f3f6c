import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../domain/arrivals/index.js';
import { TensorRuntime } from '../../runtime/index.js';
import { OnnxGraph } from '../onnx/index.js';
import { addLstmConstants, appendLstm } from './lstm-layers.js';
import { lstmProgram } from './lstm-program.js';
import { copyLstmWeights, initialLstmWeights, type LstmShape, tensorOf } from './lstm-weights.js';
import { LstmForecaster, trainLstm } from './train-lstm.js';

const runtime = new TensorRuntime(1);
const shape: LstmShape = { lookback: 4, features: 3, hidden: 5, layers: 2, targets: 2 };

function noise(length: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length }, () => 2 * random() - 1);
}

describe('LSTM training', () => {
  it('forms the gradients that finite differences give', async () => {
    const batch = 3;
    const weights = initialLstmWeights(shape, seededRandom(1));
    const x = {
      data: noise(shape.lookback * batch * shape.features, 2),
      dims: [shape.lookback * batch, shape.features],
    };
    const y = { data: noise(batch * shape.targets, 3).map((v) => 3 * v), dims: [batch, shape.targets] };
    const zeros = { data: new Float32Array(batch * shape.hidden), dims: [batch, shape.hidden] };
    const program = await runtime.load(lstmProgram(weights, [1, 1]));
    const run = (w: typeof weights): Promise<Record<string, Float32Array>> =>
      program.run({
        ...Object.fromEntries(w.tensors.map(({ name, data, dims }) => [name, { data, dims }])),
        x,
        y,
        zeros,
      });
    const loss = (forecast: Float32Array): number =>
      forecast.reduce((sum, value, i) => sum + Math.abs(value - y.data[i]!), 0);

    const outputs = await run(weights);
    for (const { name, data } of weights.tensors) {
      for (const i of [0, Math.floor(data.length / 2), data.length - 1]) {
        const step = 1e-2;
        const moved = await Promise.all(
          [step, -step].map(async (by) => {
            const other = copyLstmWeights(weights);
            tensorOf(other, name).data[i]! += by;
            return loss((await run(other))['forecast']!);
          }),
        );
        const numeric = (moved[0]! - moved[1]!) / (2 * step);
        expect(outputs[`d_${name}`]![i], `${name}[${i}]`).toBeCloseTo(numeric, 2);
      }
    }
    await program.release();
  });

  it('exports what it trained: the ONNX LSTM nodes give the training forecast', async () => {
    const weights = initialLstmWeights(shape, seededRandom(4));
    const rows = 12;
    const inputs = noise(rows * shape.features, 5);
    const starts = Int32Array.of(0, 3, 7);
    const forecaster = await LstmForecaster.open(runtime, weights);
    const expected = await forecaster.forecast(weights, {
      inputs,
      targets: new Float32Array(rows * shape.targets),
      width: shape.targets,
      starts,
    });
    await forecaster.close();

    const graph = new OnnxGraph();
    const window = graph.input('window', [shape.lookback, 'batch', shape.features]);
    graph.output(appendLstm(graph, addLstmConstants(graph, weights), window), 'forecast', ['batch', shape.targets]);
    const exported = await runtime.load(graph.toBytes('lstm'));
    for (const [i, start] of starts.entries()) {
      const data = inputs.slice(start * shape.features, (start + shape.lookback) * shape.features);
      const { forecast } = await exported.run({ window: { data, dims: [shape.lookback, 1, shape.features] } });
      for (let target = 0; target < shape.targets; target++) {
        expect(forecast![target]).toBeCloseTo(expected[i * shape.targets + target]!, 5);
      }
    }
    await exported.release();
  });

  it('learns a sine, the same way for the same seed, and keeps the best epoch', async () => {
    const rows = 600;
    const inputs = Float32Array.from({ length: rows }, (_, i) => Math.sin(i / 5));
    const series = { inputs, targets: inputs, width: 1 };
    const all = Int32Array.from({ length: rows - 10 }, (_, i) => i);
    const options = {
      shape: { lookback: 10, features: 1, hidden: 8, layers: 1, targets: 1 },
      epochs: 6,
      batch: 16,
      learningRate: 0.02,
      seed: 7,
    };
    const train = (): ReturnType<typeof trainLstm> =>
      trainLstm(
        runtime,
        { ...series, starts: all.slice(0, 450) },
        { ...series, starts: all.slice(450) },
        options,
        () => undefined,
        new AbortController().signal,
      );
    const [first, second] = [await train(), await train()];
    // Persistence on this sine has a mean absolute error of about 0.127.
    expect(first.validationLoss).toBeLessThan(0.06);
    expect(first.epoch).toBeGreaterThan(1);
    expect(second.weights).toEqual(first.weights);
  });

  it('answers the best weights so far when it is stopped', async () => {
    const controller = new AbortController();
    const inputs = noise(200, 8);
    const starts = Int32Array.from({ length: 180 }, (_, i) => i);
    const examples = { inputs, targets: inputs, width: 1, starts };
    const reports: number[] = [];
    const { epoch } = await trainLstm(
      runtime,
      examples,
      examples,
      {
        shape: { lookback: 5, features: 1, hidden: 4, layers: 1, targets: 1 },
        epochs: 50,
        batch: 32,
        learningRate: 1e-3,
        seed: 1,
      },
      (report) => {
        reports.push(report.epoch);
        if (report.epoch === 3) controller.abort();
      },
      controller.signal,
    );
    expect(Math.max(...reports)).toBe(3);
    expect(epoch).toBeGreaterThanOrEqual(1);
    expect(epoch).toBeLessThanOrEqual(2);
  });
});
