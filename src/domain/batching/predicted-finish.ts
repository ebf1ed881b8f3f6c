import { runTimeUs, type ServiceCurve } from './service-curve.js';

/** What is asked for: `windows` windows of `runs` runs of the model each, both ≥ 1. */
export interface AskedWork {
  readonly windows: number;
  readonly runs: number;
}

/** What does the work. */
export interface ServingCapacity {
  readonly curve: ServiceCurve;
  readonly workers: number;
  readonly maxRows: number;
}

/**
 * How long a request that comes now takes until its answer, µs.
 *
 * Windows share the model round by round, one run each in turn. A request of r runs and w windows stays for r rounds;
 * it shares each with whoever is there and not done, where window i has sᵢ of its tᵢ runs left:
 *
 *   rowsAhead = Σᵢ min(r, sᵢ + tᵢ)         WorkByPriority.aheadOf
 *   rows      = rowsAhead + w · r
 *   batches   = max(r, ⌈rows / maxRows⌉)
 *   finish    = max((a · batches + b · rows) / workers, r · (a + b · ⌈w / workers⌉))
 *
 * r: a window stays as long as this request does. sᵢ + tᵢ: it ends, and one like it takes its place until that ends, too.
 * The second term is the request's own way, run after run, with nobody else there.
 * Sources: processor sharing, Kleinrock, "Queueing Systems II" (1976), §4.4; a + b·n for a batch: service-curve.ts.
 */
export function predictedFinishUs(capacity: ServingCapacity, rowsAhead: number, asked: AskedWork): number {
  const { curve, workers, maxRows } = capacity;
  const rows = rowsAhead + asked.windows * asked.runs;
  const batches = Math.max(asked.runs, Math.ceil(rows / maxRows));
  const sharedUs = (curve.perRunUs * batches + curve.perRowUs * rows) / workers;
  const aloneUs = asked.runs * runTimeUs(curve, Math.ceil(asked.windows / workers));
  return Math.max(sharedUs, aloneUs);
}

/** How long this many runs of windows that are there take when nothing more comes, µs. */
export function workOffUs({ curve, workers, maxRows }: ServingCapacity, runs: number): number {
  return (curve.perRunUs * Math.ceil(runs / maxRows) + curve.perRowUs * runs) / workers;
}
