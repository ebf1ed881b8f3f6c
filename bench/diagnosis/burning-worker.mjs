// Computes so many turns for each message, and says when it had finished.
import { parentPort } from 'node:worker_threads';
import { compute } from './computing.mjs';

parentPort.on('message', (turns) => {
  compute(turns);
  parentPort.postMessage(performance.timeOrigin + performance.now());
});
