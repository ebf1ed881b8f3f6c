/**
 * ONNX Runtime alone, in a process of its own, as the yardstick for the service's inference thread. Told {rows, runs},
 * it answers {cpuUsPerRow, p50Us}: CPU time of its thread, and the median time of a run.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [modelPath, lookback, features] = process.argv.slice(2);
const session = await InferenceSession.create(modelPath, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
});

process.on('message', async ({ rows, runs }) => {
  const shape = [rows, Number(lookback), Number(features)];
  const window = new Float32Array(shape.reduce((a, b) => a * b)).fill(3);
  const timesUs = [];
  const before = process.cpuUsage();
  for (let i = 0; i < runs; i++) {
    const startMs = performance.now();
    await session.run({ window: new Tensor('float32', window, shape) });
    timesUs.push((performance.now() - startMs) * 1000);
  }
  const { user, system } = process.cpuUsage(before);
  const p50Us = timesUs.sort((a, b) => a - b)[runs >> 1];
  process.send({ cpuUsPerRow: (user + system) / (runs * rows), p50Us });
});
process.send('ready');
