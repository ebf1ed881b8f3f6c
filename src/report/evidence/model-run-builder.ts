import type { Run, RunSample } from '../../contract/index.js';
import { seededRandom } from '../../domain/arrivals/index.js';
import { type ModelRunCurve, ModelRuns, type NoModelRunCurve } from '../../domain/capacity/index.js';
import type { SampleFold } from '../run-bundle.js';

/** Every report of one bundle draws the same intervals. */
const SEED = 1;

/** Draws the line of model run times from the right answers of the measured phases. */
export class ModelRunBuilder implements SampleFold {
  readonly #runs = new ModelRuns(seededRandom(SEED));
  readonly #warmUps: ReadonlySet<string>;
  readonly #horizons: unknown;

  constructor({ phases, scenario }: Run) {
    this.#warmUps = new Set(phases.filter(({ kind }) => kind === 'warmup').map(({ name }) => name));
    this.#horizons = scenario?.request?.['horizon'];
  }

  add(sample: RunSample): void {
    if (sample.failure !== null || this.#warmUps.has(sample.phase)) return;
    this.#runs.add(sample.batch_rows ?? 0, sample.timing_ms?.['exec'] ?? Number.NaN);
  }

  curve(): ModelRunCurve | NoModelRunCurve {
    // With several horizons the same rows take one run or many, and no answer says how many.
    if (typeof this.#horizons === 'string') {
      return {
        kind: 'none',
        reason: `requests asked for several horizons (${this.#horizons}), which take different runs`,
      };
    }
    return this.#runs.curve();
  }
}
