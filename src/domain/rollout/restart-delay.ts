/** A worker that dies again and again is replaced ever more slowly, from the first delay up to the longest. */
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 10_000;

/** How long to wait before a dead thread or process is replaced, ms, when `inARow` ended before it without good work. */
export function restartDelayMs(inARow: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** inARow);
}
