import type { RunPhase, ServerSample } from '../../contract/index.js';
import type { CapacityLevel, DegradationLevel } from '../../domain/capacity/index.js';
import { hasUpperBound } from '../percentile-cell.js';
import { measuredPhases, type RunBundle } from '../run-bundle.js';

/** Closed phases at one number of users: no ramps, spikes or steps of a search. */
export function levelPhases({ run }: Pick<RunBundle, 'run'>): (RunPhase & { readonly users: number })[] {
  return measuredPhases(run).flatMap((phase) =>
    phase.users !== undefined && phase.users > 0 && phase.from_users === undefined && phase.kind !== 'search'
      ? [{ ...phase, users: phase.users }]
      : [],
  );
}

/** Edges of a phase belong to two phases: the timeline's stretches there are left out. */
const EDGE_S = 1;

function blocksOf({ timeline }: RunBundle, phase: RunPhase): number[] {
  const { start_s: startS, duration_s: lengthS } = phase;
  if (startS === undefined || lengthS === undefined) return [];
  return timeline
    .filter(({ atS }) => atS > startS + EDGE_S && atS < startS + lengthS - EDGE_S)
    .map(({ requestsPerS }) => requestsPerS);
}

/** p95 that may be planned with: measured, bounded, and of the service rather than the generator. */
function usableP95(phase: RunPhase): number | null {
  if (hasUpperBound(phase, 'p95') === false || phase.percentiles?.['p95']?.supported === false) return null;
  return phase.p95_ms ?? null;
}

/** What the scalability law is fitted to. */
export function capacityLevels(bundle: RunBundle): CapacityLevel[] {
  return levelPhases(bundle).map((phase) => ({
    users: phase.users,
    throughputPerS: phase.throughput_per_s ?? 0,
    meanMs: phase.mean_ms ?? null,
    p95Ms: usableP95(phase),
    blocksPerS: blocksOf(bundle, phase),
  }));
}

function loopLagMs(samples: readonly ServerSample[], phase: string): number | null {
  // Of several processes the figure would be a sum.
  const values = samples.flatMap(({ phase: during, prometheus, stats }) => {
    const seconds = prometheus?.['nodejs_eventloop_lag_p99_seconds'];
    return during === phase && seconds !== undefined && (stats?.['processes'] ?? 1) === 1 ? [seconds * 1000] : [];
  });
  return values.length === 0 ? null : Math.max(...values);
}

/** What tiers and thresholds are read from. */
export function degradationLevels(bundle: RunBundle): DegradationLevel[] {
  return levelPhases(bundle).map((phase) => {
    const p95Ms = phase.p95_ms ?? null;
    const entry = phase.percentiles?.['p95'];
    const isBounded = hasUpperBound(phase, 'p95') !== false;
    return {
      users: phase.users,
      throughputPerS: phase.throughput_per_s ?? null,
      p95Ms,
      p95MsUpper: !isBounded ? null : (entry?.upper_ms ?? p95Ms),
      meanMs: phase.mean_ms ?? null,
      queueWaitMsMean: phase.server_timing_ms_mean?.['queue'] ?? null,
      loopLagMsP99: loopLagMs(bundle.server, phase.name),
    };
  });
}
