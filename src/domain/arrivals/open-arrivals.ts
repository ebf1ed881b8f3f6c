import { inverseOf, type RateSegment } from './rate-profile.js';
import { seededRandom } from './seeded-random.js';

/**
 * Open arrivals: requests come when they come, however slow the answers are. Due times are absolute: what is late does
 * not move what follows, so a stall of the service or of the generator is met by every request that was due in it.
 *
 * `constant`: arrival k (0, 1, 2, …) is due when the cumulative rate reaches k, as evenly as the profile allows.
 * `poisson`: the cumulative rates of the arrivals are a Poisson process of rate 1, so that gaps are exponential.
 * Source: time rescaling; Çinlar, "Introduction to Stochastic Processes" (1975), 4.7.
 */
export interface OpenArrivals {
  readonly startUs: number;
  readonly profile: readonly RateSegment[];
  readonly process: 'constant' | 'poisson';
  /** Of the Poisson process; the same seed gives the same due times, by however many generators. */
  readonly seed: number;
}

/**
 * Due times, µs, of generator `generator` (0-based) of `generators`: every generator walks the whole sequence and takes
 * each `generators`-th arrival, so that together they give exactly the sequence of one.
 */
export function* arrivalTimes(plan: OpenArrivals, generator: number, generators: number): Generator<number, void> {
  const dueAfter = inverseOf(plan.profile);
  const random = seededRandom(plan.seed);
  const gap = plan.process === 'poisson' ? (): number => -Math.log(1 - random()) : (): number => 1;
  let position = plan.process === 'poisson' ? gap() : 0;
  for (let k = 0; ; k++) {
    const afterUs = dueAfter(position);
    if (afterUs === null) return;
    if (k % generators === generator) yield plan.startUs + afterUs;
    // Counting instead of adding keeps a constant rate exact over millions of arrivals.
    position = plan.process === 'poisson' ? position + gap() : k + 1;
  }
}
