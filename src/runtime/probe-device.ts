import { Worker } from 'node:worker_threads';
import { type Device, FltsError } from '../contract/index.js';

/** The smallest model (ONNX, opset 14): y = Identity(x), float32 [1]. */
const IDENTITY_MODEL = 'CAg6OwoQCgF4EgF5IghJZGVudGl0eRIFcHJvYmVaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAO';

const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { library, device, model } = workerData;
  (async () => {
    const { default: ort } = await import(library);
    // What fails is said once, by us.
    ort.env.logLevel = 'fatal';
    const session = await ort.InferenceSession.create(Buffer.from(model, 'base64'), { executionProviders: [device] });
    await session.run({ x: new ort.Tensor('float32', [1], [1]) });
  })().then(
    () => parentPort.postMessage(null),
    (error) => parentPort.postMessage(String(error.message)),
  );`;

/**
 * Runs a model on the device, in a thread of its own, so that a device that is not there is known before anything
 * listens. Throws FLTS_NO_DEVICE with what ONNX Runtime says.
 */
export async function probeDevice(device: Device): Promise<void> {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  const workerData = { library: import.meta.resolve('onnxruntime-node'), device, model: IDENTITY_MODEL };
  const worker = new Worker(PROGRAM, { eval: true, workerData });
  const problem = await new Promise<string | null>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', (error) => {
      resolve(error.message);
    });
    worker.once('exit', (code) => {
      resolve(`the thread that tried it ended with code ${code}`);
    });
  });
  await worker.terminate();
  if (problem === null) return;
  throw new FltsError('FLTS_NO_DEVICE', `Device '${device}' cannot be used: ${problem.trim().replace(/\.$/, '')}.`);
}
