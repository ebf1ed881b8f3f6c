/**
 * Which window goes first: the one with the smallest
 *
 *   rank = readyAt + priority · 200 ms + (more than one run left ? 50 ms : 0)
 *
 * so waiting makes up for a lower priority (ageing), and a window that is done after its next run passes those that
 * have many to go, which costs each of them a fraction of their time and saves it nearly all of its own. Stated bound:
 * no window is passed by one that became ready more than `MAX_HEAD_START_US` after it, whatever their priorities.
 * Sources: ageing as in Silberschatz et al., "Operating System Concepts", §5.3.4; the favour to what is nearly done
 * from Schrage, "A Proof of the Optimality of the Shortest Remaining Processing Time Discipline" (1968).
 */

/** 0 goes first. */
export const PRIORITIES = 4;
export const DEFAULT_PRIORITY = 1;

const PRIORITY_HANDICAP_US = 200_000;
const MORE_RUNS_HANDICAP_US = 50_000;

/** Classes of windows whose handicap is the same: within one the rank is the order of becoming ready. */
export const URGENCY_CLASSES = 2 * PRIORITIES;

/** The most by which a window may be passed by one that became ready later, µs. */
export const MAX_HEAD_START_US = (PRIORITIES - 1) * PRIORITY_HANDICAP_US + MORE_RUNS_HANDICAP_US;

/** 0..URGENCY_CLASSES−1. `priority` 0..3; `runsLeft` ≥ 1: runs of the model that the window still needs. */
export function urgencyClass(priority: number, runsLeft: number): number {
  return 2 * priority + (runsLeft > 1 ? 1 : 0);
}

/** What a class adds to the instant at which its windows became ready, µs. */
export function handicapUs(urgency: number): number {
  return (urgency >> 1) * PRIORITY_HANDICAP_US + (urgency & 1) * MORE_RUNS_HANDICAP_US;
}
