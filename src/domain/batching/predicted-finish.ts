import { runTimeUs, type ServiceCurve } from './service-curve.js';

/** Work in the system that goes before a request or beside it. */
export interface WorkAhead {
  /** Windows that are not done: they wait or run. */
  readonly windows: number;
  /** Runs of the model that they still need, summed. */
  readonly runs: number;
}

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
 * of the N windows that are there, with S runs left between them, it shares each round with whoever is not done:
 *
 *   rowsAhead = min(N · r, 2 · S)
 *   rows      = rowsAhead + w · r
 *   batches   = max(r, ⌈rows / maxRows⌉)
 *   finish    = max((a · batches + b · rows) / workers, r · (a + b · ⌈w / workers⌉))
 *
 * N · r: everyone stays as long as this request does. 2 · S: those there now end, and one like each takes its place;
 * a window seen at a random moment has done half of its runs, so with its successor it comes to twice what is left.
 * The second term is the request's own way, run after run, with nobody else there.
 * Sources: processor sharing, Kleinrock, "Queueing Systems II" (1976), §4.4; a + b·n for a batch: service-curve.ts.
 */
export function predictedFinishUs(capacity: ServingCapacity, ahead: WorkAhead, asked: AskedWork): number {
  const { curve, workers, maxRows } = capacity;
  const rows = Math.min(ahead.windows * asked.runs, 2 * ahead.runs) + asked.windows * asked.runs;
  const batches = Math.max(asked.runs, Math.ceil(rows / maxRows));
  const sharedUs = (curve.perRunUs * batches + curve.perRowUs * rows) / workers;
  const aloneUs = asked.runs * runTimeUs(curve, Math.ceil(asked.windows / workers));
  return Math.max(sharedUs, aloneUs);
}

/** How long the work that is there takes when nothing more comes, µs. */
export function workOffUs({ curve, workers, maxRows }: ServingCapacity, ahead: WorkAhead): number {
  return (curve.perRunUs * Math.ceil(ahead.runs / maxRows) + curve.perRowUs * ahead.runs) / workers;
}
