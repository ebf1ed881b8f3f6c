import { seededRandom } from '../../domain/arrivals/index.js';
import { type CapacityFit, fitCapacity } from '../../domain/capacity/index.js';
import type { RunBundle } from '../run-bundle.js';
import { capacityLevels, type ClosedLevel, commonThinkS } from './load-levels.js';

/** Intervals are drawn with this seed: the same bundle gives the same figures, in its report and in a plan. */
const BOOTSTRAP_SEED = 2026;

/** The scalability law of a bundle's levels of closed users, or why there is none. */
export function fitLaw(bundle: RunBundle, levels: readonly ClosedLevel[]): CapacityFit {
  const thinkS = commonThinkS(levels);
  if (thinkS === null) {
    return {
      model: null,
      refusal: 'Users of different levels think for different times; the scalability law needs one.',
      heldOut: [],
    };
  }
  return fitCapacity(capacityLevels(bundle, levels), thinkS, seededRandom(BOOTSTRAP_SEED));
}
