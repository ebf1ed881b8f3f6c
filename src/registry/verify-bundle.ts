import { type Bundle, FltsError } from '../contract/index.js';
import { firstDisagreement } from '../domain/forecast/index.js';
import type { FetchedBundle } from '../serving/ports.js';

/** Runs a model file over one window, float32 [lookback, features]; answers [steps, targets]. */
export type RunWindow = (fetched: FetchedBundle, window: Float32Array) => Promise<Float32Array>;

/** Throws FLTS_GOLDEN_MISMATCH when the model does not answer its golden window as recorded (CONTRACT §4's rule). */
export async function verifyGolden(fetched: FetchedBundle, run: RunWindow): Promise<void> {
  const { bundle } = fetched;
  const forecast = await run(fetched, Float32Array.from(bundle.golden.window.flat()));
  const wrong = firstDisagreement(forecast, bundle.golden.forecast.flat(), bundle.target_std);
  if (wrong === null) return;
  throw new FltsError(
    'FLTS_GOLDEN_MISMATCH',
    `The model of run ${bundle.run_id} answers its golden window with ${wrong.actual} at ${placeOf(bundle, wrong.index)}, ` +
      `recorded was ${wrong.expected}.`,
  );
}

function placeOf(bundle: Bundle, index: number): string {
  const targets = bundle.targets.length;
  return `step ${Math.floor(index / targets) + 1} of '${bundle.targets[index % targets] ?? '?'}'`;
}
