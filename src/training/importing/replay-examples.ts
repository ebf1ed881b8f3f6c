import { FltsError } from '../../contract/index.js';
import { firstDisagreement, OUTPUT_TOLERANCE, TIME_FEATURES, writeTimeFeatures } from '../../domain/forecast/index.js';
import type { TensorProgram } from '../ports.js';
import { refused } from './foreign-shape.js';
import type { Example } from './read-examples.js';

/** What is replayed: the adapted model, and the shape of the bundle that it goes into. */
export interface Replay {
  readonly file: string;
  readonly program: TensorProgram;
  readonly windowFeatures: readonly string[];
  readonly foreignFeatures: readonly string[];
  readonly targets: readonly string[];
  /** The scale of "equal" (CONTRACT §4). */
  readonly targetStd: readonly number[];
}

/** Windows in one run. */
const BATCH_ROWS = 32;

/** An example's window as the bundle has it, float32 [lookback, features]. */
export function windowOf(
  example: Example,
  windowFeatures: readonly string[],
  foreignFeatures: readonly string[],
): Float32Array {
  const times: readonly string[] = TIME_FEATURES;
  const own = new Float64Array(times.length);
  const rows = example.window.map((row, i) => {
    const timeMs = example.timesMs?.[i];
    if (timeMs !== undefined) writeTimeFeatures(timeMs, own, 0);
    // A time feature that the model does not take may be anything: it is not read.
    return windowFeatures.map((name) => row[foreignFeatures.indexOf(name)] ?? own[times.indexOf(name)] ?? 0);
  });
  return Float32Array.from(rows.flat());
}

/**
 * Holds the adapted model against every example, alone and in batches. Answers the model's own forecast of the first
 * example. Throws FLTS_EXAMPLE_MISMATCH that names the first difference, FLTS_MODEL_REFUSED when it cannot run on
 * batches.
 */
export async function replayExamples(
  replay: Replay,
  examples: readonly [Example, ...Example[]],
): Promise<Float32Array> {
  const { windowFeatures, foreignFeatures, targetStd } = replay;
  const windows = examples.map((example) => windowOf(example, windowFeatures, foreignFeatures));
  let first: Float32Array | null = null;
  for (const [i, example] of examples.entries()) {
    const alone = await run(replay, windows.slice(i, i + 1), example.forecast.length);
    const wrong = firstDisagreement(alone, example.forecast.flat(), targetStd);
    if (wrong !== null) {
      throw new FltsError(
        'FLTS_EXAMPLE_MISMATCH',
        `Example ${i + 1} is not reproduced: ${placeOf(replay, wrong.index)} is ${wrong.actual} from ${replay.file}, the example says ` +
          `${wrong.expected} (equal means within ${OUTPUT_TOLERANCE} of the value or of the target's spread, ${targetStd[wrong.index % targetStd.length] ?? 0}).`,
      );
    }
    first ??= alone;
  }
  const alone = first ?? new Float32Array();
  // Fewer examples are repeated: each row of a batch must be answered as if it were alone.
  const batch = Array.from(
    { length: Math.max(3, Math.min(BATCH_ROWS, windows.length)) },
    (_, i) => windows[i % windows.length],
  );
  const together = await run(
    replay,
    batch.flatMap((window) => window ?? []),
    examples[0].forecast.length,
  );
  const expected = batch.flatMap((_, i) => examples[i % examples.length]?.forecast.flat() ?? []);
  const wrong = firstDisagreement(together, expected, targetStd);
  if (wrong !== null) {
    throw refused(
      replay.file,
      `in a batch of ${batch.length} windows, ${placeOf(replay, wrong.index)} is ${wrong.actual}, alone it is ${wrong.expected}: its windows are not independent of each other; export it batch first, with a dynamic batch`,
    );
  }
  return alone;
}

function placeOf({ targets }: Replay, index: number): string {
  return `'${targets[index % targets.length] ?? ''}' at step ${Math.floor(index / targets.length) + 1}`;
}

async function run(replay: Replay, windows: readonly Float32Array[], steps: number): Promise<Float32Array> {
  const { file, program, windowFeatures, targets } = replay;
  const size = windows[0]?.length ?? 0;
  const data = new Float32Array(windows.length * size);
  windows.forEach((window, i) => {
    data.set(window, i * size);
  });
  const dims = [windows.length, size / windowFeatures.length, windowFeatures.length];
  const what = windows.length === 1 ? 'an example' : `a batch of ${windows.length} windows`;
  const { forecast } = await program.run({ window: { data, dims } }).catch((cause: unknown) => {
    throw refused(file, `it does not run on ${what}: ${runtimeReason(cause)}`, cause);
  });
  const expected = windows.length * steps * targets.length;
  if (forecast?.length !== expected) {
    throw refused(
      file,
      `it answers ${forecast?.length ?? 0} numbers to ${what}, expected ${expected}: ${steps} steps of ${targets.length} targets each`,
    );
  }
  return forecast;
}

/** Libraries explain at length: source file, signature, the failing call; the reader needs the end of the first line. */
export function runtimeReason(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const line = (text.split('\n').find((part) => part.trim() !== '') ?? 'no reason given').trim();
  return line
    .replace(/^Load model from .*? failed:\s*/, '')
    .replace(/^Type Error: /, '')
    .replace(/^.*\.(?:cc|h):\d+ .*\)(?: const)?(?: \[[^\]]*\])? /, '')
    .slice(0, 300)
    .replace(/[.\s]+$/, '');
}
