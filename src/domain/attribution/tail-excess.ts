import type { Cohort, CohortSet } from './cohorts.js';
import { type Part, PARTS } from './request-parts.js';

/** Parts are named until they explain this share of the gap. */
const EXPLAINED = 0.8;
const NAMED_MAX = 3;

export interface PartExcess {
  readonly part: Part;
  /** How much more of it the tail has than the median, ms. */
  readonly excessMs: number;
  /** Of the gap between the cohorts, 0..1 and beyond where other parts are smaller in the tail. */
  readonly share: number;
}

/** What the tail has that the median lacks. */
export interface TailExcess {
  readonly tail: Cohort;
  readonly median: Cohort;
  readonly gapMs: number;
  /** The largest first, until they explain 80 % of the gap; at most three. */
  readonly parts: readonly PartExcess[];
  /** The replica whose share of the tail is most above its share of the median, with both; null with fewer than two. */
  readonly replica: { readonly name: string; readonly ofTail: number; readonly ofMedian: number } | null;
}

/** A replica's share must differ by this much to be mentioned. */
const REPLICA_SHARE_MIN = 0.15;

function replicaOf(tail: Cohort, median: Cohort): TailExcess['replica'] {
  const names = new Set([...Object.keys(tail.replicas), ...Object.keys(median.replicas)]);
  if (names.size < 2) return null;
  const [most] = [...names]
    .map((name) => ({ name, ofTail: tail.replicas[name] ?? 0, ofMedian: median.replicas[name] ?? 0 }))
    .sort((a, b) => b.ofTail - b.ofMedian - (a.ofTail - a.ofMedian));
  return most === undefined || most.ofTail - most.ofMedian < REPLICA_SHARE_MIN ? null : most;
}

/** Compares the slowest cohort there is with the median; null without both, and where the tail is no slower. */
export function tailExcess({ cohorts }: CohortSet): TailExcess | null {
  const median = cohorts.find(({ name }) => name === 'p50');
  const tail = cohorts.at(-1);
  if (median === undefined || tail === undefined || tail === median) return null;
  const gapMs = tail.responseMs - median.responseMs;
  if (!(gapMs > 0)) return null;
  const all = PARTS.map((part) => ({ part, excessMs: tail.partsMs[part] - median.partsMs[part] }))
    .filter(({ excessMs }) => excessMs > 0)
    .sort((a, b) => b.excessMs - a.excessMs);
  const parts: PartExcess[] = [];
  let explained = 0;
  for (const { part, excessMs } of all) {
    if (explained >= EXPLAINED * gapMs || parts.length === NAMED_MAX) break;
    explained += excessMs;
    parts.push({ part, excessMs, share: excessMs / gapMs });
  }
  return { tail, median, gapMs, parts, replica: replicaOf(tail, median) };
}
