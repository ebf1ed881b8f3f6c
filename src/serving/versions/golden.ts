import type { Bundle } from '../../contract/index.js';
import type { Slot } from '../ports.js';

/** |a − b| ≤ 1e-5 · max(|b|, the target's standard deviation in training): CONTRACT §4's "equal". */
const TOLERANCE = 1e-5;

/**
 * Runs the bundle's golden window on a worker that serves nobody; null when it gives the expected output, else what
 * differs.
 */
export async function replayGolden(bundle: Bundle, slot: Slot): Promise<string | null> {
  const window = bundle.golden.window.flat();
  const expected = bundle.golden.forecast.flat();
  if (window.length !== bundle.lookback * bundle.features.length) return 'its golden window has another shape';
  if (expected.length !== bundle.steps * bundle.targets.length) return 'its golden forecast has another shape';
  slot.window.set(window, 0);
  const result = await slot.run(1);
  try {
    return firstDifference(bundle, expected, result.forecast);
  } finally {
    result.release();
  }
}

function firstDifference(bundle: Bundle, expected: readonly number[], actual: Float32Array): string | null {
  for (const [i, value] of expected.entries()) {
    const target = i % bundle.targets.length;
    const scale = Math.max(Math.abs(value), bundle.target_std[target] ?? 0);
    const difference = Math.abs((actual[i] ?? Number.NaN) - value);
    if (!(difference <= TOLERANCE * scale)) {
      const step = Math.floor(i / bundle.targets.length) + 1;
      return `'${bundle.targets[target] ?? ''}' at step ${step} is ${actual[i] ?? Number.NaN}, expected ${value}`;
    }
  }
  return null;
}
