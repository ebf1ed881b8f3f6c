/**
 * An inference thread: loads one model, then runs batches one after the other. `session.run` blocks its thread, which
 * is why it happens here and nowhere else.
 */
import { createHash } from 'node:crypto';
import { type MessagePort, parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { FromWorker, LoadMessage, LoadStepMessage, RunMessage, ToWorker } from '../contract/index.js';
import { checkedModel } from './read-model.js';
import { RunEnd } from './run-end.js';
import { monotonicUs } from './system-clock.js';

type LoadStep = LoadStepMessage['step'];

interface LoadedModel {
  readonly session: InferenceSession;
  readonly shape: LoadMessage;
  readonly sharedWindow: Float32Array;
  readonly sharedForecast: Float32Array;
  readonly runEnd: RunEnd;
  /** The runtime takes no shared memory, so each run copies its rows in and out: some kilobytes. */
  readonly window: Float32Array;
  readonly forecast: Float32Array;
}

/** One thread a session: many small sessions side by side give more rows per second than one with many threads. */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  // 3 = errors only: the runtime writes warnings about harmless things straight to stderr.
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
};

async function load(message: LoadMessage, onStep: (step: LoadStep) => void): Promise<LoadedModel> {
  // A copy: the runtime takes no shared memory. What is digested is what is loaded, whatever happens to the file.
  const bytes = new Uint8Array(message.model, 0, message.modelBytes).slice();
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== message.sha256) {
    throw new Error(`its digest is ${digest.slice(0, 12)}…, its bundle says ${message.sha256.slice(0, 12)}…`);
  }
  onStep('digest_checked');
  const session = await InferenceSession.create(checkedModel(bytes), {
    ...SESSION_OPTIONS,
    executionProviders: [message.device],
  });
  expectTensor('input', 'window', session.inputNames, session.inputMetadata, [message.lookback, message.features]);
  expectTensor('output', 'forecast', session.outputNames, session.outputMetadata, [message.steps, message.targets]);
  onStep('loaded');
  const sharedWindow = new Float32Array(message.window);
  const sharedForecast = new Float32Array(message.forecast);
  const model = {
    session,
    shape: message,
    sharedWindow,
    sharedForecast,
    runEnd: new RunEnd(message.runEnd),
    window: new Float32Array(sharedWindow.length),
    forecast: new Float32Array(sharedForecast.length),
  };
  for (const rows of message.warmUpRows) await forward(model, rows);
  return model;
}

function expectTensor(
  side: string,
  name: string,
  names: readonly string[],
  metadata: readonly InferenceSession.ValueMetadata[],
  shape: readonly number[],
): void {
  const found = metadata[names.indexOf(name)];
  if (names.length !== 1 || found?.isTensor !== true) {
    throw new Error(`its ${side}s are ${names.join(', ')}, expected one tensor '${name}'`);
  }
  const actual = found.shape.slice(1);
  const fits =
    found.shape.length === 3 && shape.every((size, i) => typeof actual[i] === 'string' || actual[i] === size);
  if (found.type !== 'float32' || !fits) {
    throw new Error(
      `its ${side} '${name}' is ${found.type} [${found.shape.join(', ')}], expected float32 [batch, ${shape.join(', ')}]`,
    );
  }
  if (typeof found.shape[0] !== 'string')
    throw new Error(`its ${side} '${name}' has a fixed batch of ${String(found.shape[0])}`);
}

/** Runs the first rows of the shared window; the output is written in place, then copied to the shared forecast. */
async function forward(model: LoadedModel, rows: number): Promise<void> {
  const { lookback, features, steps, targets } = model.shape;
  const window = model.window.subarray(0, rows * lookback * features);
  const forecast = model.forecast.subarray(0, rows * steps * targets);
  window.set(model.sharedWindow.subarray(0, window.length));
  await model.session.run(
    { window: new Tensor('float32', window, [rows, lookback, features]) },
    { forecast: new Tensor('float32', forecast, [rows, steps, targets]) },
  );
  model.sharedForecast.set(forecast);
}

function serve(port: MessagePort): void {
  let model: LoadedModel | null = null;
  const say = (message: FromWorker): void => {
    port.postMessage(message);
  };
  const onLoad = async (message: LoadMessage): Promise<void> => {
    const startUs = monotonicUs();
    try {
      model = await load(message, (step) => {
        say({ kind: 'load_step', step });
      });
      say({ kind: 'loaded', loadMs: (monotonicUs() - startUs) / 1000 });
    } catch (error) {
      say({ kind: 'load_failed', message: textOf(error) });
    }
  };
  const onRun = async (message: RunMessage): Promise<void> => {
    try {
      if (model === null) throw new Error('no model is loaded');
      const startUs = monotonicUs();
      await forward(model, message.rows);
      model.runEnd.write(startUs, monotonicUs());
      say({ kind: 'ran' });
    } catch (error) {
      say({ kind: 'run_failed', message: textOf(error) });
    }
  };
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'load') void onLoad(message);
    else void onRun(message);
  });
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (parentPort === null) throw new Error('worker.ts runs in a worker thread');
serve(parentPort);
