/** A stretch of time over which the wanted rate goes in a straight line; rates are per second, ≥ 0. */
export interface RateSegment {
  readonly lengthUs: number;
  readonly fromPerS: number;
  readonly toPerS: number;
}

const US_PER_S = 1e6;

/** Arrivals that a segment is meant to bring: the area under its line. */
function arrivalsOf({ lengthUs, fromPerS, toPerS }: RateSegment): number {
  return ((fromPerS + toPerS) / 2) * (lengthUs / US_PER_S);
}

/** Length of a profile, µs. */
export function profileLengthUs(profile: readonly RateSegment[]): number {
  return profile.reduce((sum, segment) => sum + segment.lengthUs, 0);
}

/** Arrivals that a profile is meant to bring, as a real number: Λ at its end. */
export function profileArrivals(profile: readonly RateSegment[]): number {
  return profile.reduce((sum, segment) => sum + arrivalsOf(segment), 0);
}

/** The wanted rate, per second, `atUs` after the start of a profile; 0 outside. */
export function rateAt(profile: readonly RateSegment[], atUs: number): number {
  let fromUs = 0;
  for (const { lengthUs, fromPerS, toPerS } of profile) {
    if (atUs >= fromUs && atUs < fromUs + lengthUs)
      return fromPerS + ((toPerS - fromPerS) * (atUs - fromUs)) / lengthUs;
    fromUs += lengthUs;
  }
  return 0;
}

/**
 * The inverse of the cumulative rate Λ: when (µs after the start) the `position`-th arrival is due, or null beyond the
 * profile. Positions must not fall from call to call. Within a segment Λ is a parabola; its root is written so that a
 * flat line (no quadratic term) and a line from zero need no case of their own.
 */
export function inverseOf(profile: readonly RateSegment[]): (position: number) => number | null {
  let index = 0;
  let startUs = 0;
  let before = 0;
  return (position) => {
    for (;;) {
      const segment = profile[index];
      if (segment === undefined) return null;
      const rest = position - before;
      if (rest < arrivalsOf(segment)) {
        const { fromPerS, toPerS, lengthUs } = segment;
        if (rest <= 0 && fromPerS > 0) return startUs;
        const slope = ((toPerS - fromPerS) * US_PER_S) / lengthUs;
        const root = fromPerS + Math.sqrt(Math.max(0, fromPerS * fromPerS + 2 * slope * rest));
        return startUs + (root === 0 ? 0 : ((2 * rest) / root) * US_PER_S);
      }
      before += arrivalsOf(segment);
      startUs += segment.lengthUs;
      index++;
    }
  };
}
