import type { Run, RunPhase, RunSample, ServerSample } from '../contract/index.js';
import type { CohortSet } from '../domain/attribution/index.js';
import type { ModelRunCurve, NoModelRunCurve } from '../domain/capacity/index.js';
import { perSecond } from './format.js';

/** Response time at a percentile (0..100) of one phase. */
export interface DistributionPoint {
  readonly percentile: number;
  readonly ms: number;
}

/** A stretch of time: what was answered in it. A percentile is null where the stretch has too few answers for it. */
export interface TimelinePoint {
  /** Middle of the stretch on the run's clock. */
  readonly atS: number;
  readonly widthS: number;
  readonly requestsPerS: number;
  readonly failed: number;
  /** Failed requests by kind. */
  readonly failures: Readonly<Record<string, number>>;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** Makes figures of samples that pass by one at a time: a bundle may hold millions, so none may keep them. */
export interface SampleFold {
  add(sample: RunSample): void;
}

/** A run bundle as the report needs it. */
export interface RunBundle {
  readonly run: Run;
  /** By phase name; empty without histograms. */
  readonly distributions: ReadonlyMap<string, readonly DistributionPoint[]>;
  /** Empty without samples. */
  readonly timeline: readonly TimelinePoint[];
  /** Where the time of the requests around each percentile went, by phase: all replicas together, then each. Empty without samples. */
  readonly attribution: ReadonlyMap<string, readonly CohortSet[]>;
  /** What a run of the model takes by the rows of its batch; null without samples. */
  readonly modelRuns: ModelRunCurve | NoModelRunCurve | null;
  readonly server: readonly ServerSample[];
  /** What is missing or damaged, as sentences. */
  readonly gaps: readonly string[];
}

/** The phases that count: all but warm-ups. */
export function measuredPhases(run: Run): RunPhase[] {
  return run.phases.filter((phase) => phase.kind !== 'warmup');
}

/** Number of right answers that latency figures rest on; null where a foreign bundle does not say. */
export function answersOf(phase: RunPhase): number | null {
  return phase.succeeded ?? phase.requests ?? null;
}

/** What a phase loads with, in words: `50 users`, `200/s`. */
export function loadOf(phase: RunPhase): string {
  if (phase.users !== undefined) return `${phase.users} ${phase.users === 1 ? 'user' : 'users'}`;
  return phase.rate === undefined ? phase.name : `${perSecond(phase.rate)}/s`;
}

/** A phase as a heading: by its load where it is only called after its number of users. */
export function phaseTitle(phase: RunPhase): string {
  return phase.users !== undefined && phase.name === String(phase.users) ? loadOf(phase) : phase.name;
}
