/**
 * A small seeded generator of uniform numbers in [0, 1): the same seed gives the same run everywhere. Not for secrets.
 * Source: M. O'Neill's PCG family is larger than needed here; this is the mulberry32 mixer (public domain), whose
 * 2³² period is far beyond the draws of one run.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
