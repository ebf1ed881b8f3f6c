import { Worker } from 'node:worker_threads';

/**
 * Loads ONNX Runtime in a thread of its own, as the service does; its version. Rejects with the reason when the native
 * library cannot be loaded.
 */
export function probeRuntime(): Promise<string> {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  const program = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData).then(
      (ort) => parentPort.postMessage({ version: ort.env.versions.node ?? ort.env.versions.common }),
      (error) => parentPort.postMessage({ problem: String(error.message) }),
    );`;
  // A program that is given as text would look for the package from the current folder, not from here.
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { eval: true, workerData: import.meta.resolve('onnxruntime-node') });
    worker.once('message', (answer: { version?: string; problem?: string }) => {
      void worker.terminate();
      if (answer.problem === undefined) resolve(`onnxruntime-node ${answer.version ?? ''} loads`);
      else reject(new Error(`onnxruntime-node does not load: ${answer.problem}`));
    });
    worker.once('error', reject);
  });
}
