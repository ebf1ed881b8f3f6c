import { FltsError } from '../../contract/index.js';
import type { TensorRuntime } from '../../runtime/index.js';
import type { TensorProgram } from '../../training/index.js';
import type { FetchedBundle } from '../../serving/ports.js';

/** Loads a bundle's model into this process. Throws FLTS_BUNDLE_CORRUPT when the file is no model that fits it. */
export async function loadModel(runtime: TensorRuntime, { bundle, modelPath }: FetchedBundle): Promise<TensorProgram> {
  const corrupt = (what: string, cause: unknown): FltsError =>
    new FltsError('FLTS_BUNDLE_CORRUPT', `${modelPath} ${what}: ${firstSentence(cause)}.`, { cause });
  const program = await runtime.load(modelPath).catch((cause: unknown) => {
    throw corrupt('cannot be loaded as an ONNX model', cause);
  });
  const perRow = bundle.steps * bundle.targets.length;
  return {
    inputs: program.inputs,
    outputs: program.outputs,
    release: () => program.release(),
    run: async (feeds) => {
      const outputs = await program.run(feeds).catch((cause: unknown) => {
        throw corrupt('does not run on the window that its bundle describes', cause);
      });
      const rows = feeds['window']?.dims[0] ?? 0;
      const length = outputs['forecast']?.length;
      if (length !== rows * perRow) {
        throw corrupt(
          'does not answer as its bundle describes',
          new Error(`${length ?? 0} numbers in 'forecast', expected ${rows * perRow}`),
        );
      }
      return outputs;
    },
  };
}

/** Runs one window through a bundle's model: for golden replays. */
export async function runOnce(
  runtime: TensorRuntime,
  fetched: FetchedBundle,
  window: Float32Array,
): Promise<Float32Array> {
  const { bundle } = fetched;
  const program = await loadModel(runtime, fetched);
  try {
    const dims = [1, bundle.lookback, bundle.features.length];
    const { forecast } = await program.run({ window: { data: window, dims } });
    return forecast ?? new Float32Array();
  } finally {
    await program.release();
  }
}

/** Libraries explain at length over several lines; the first one says what is wrong. */
function firstSentence(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return (text.split('\n')[0] ?? '')
    .replace(/^Load model from .* failed:\s*/, '')
    .slice(0, 200)
    .replace(/\.$/, '');
}
