import type { Run, RunPhase } from '../../contract/index.js';
import type { CapacityLevel, DegradationLevel } from '../../domain/capacity/index.js';
import { statOf } from '../evidence/server-figures.js';
import { hasUpperBound } from '../percentile-cell.js';
import { measuredPhases, type RunBundle } from '../run-bundle.js';

/** The phases that figures are shown of: all that count but the steps of a search, which have a table of their own. */
export function resultPhases(run: Run): RunPhase[] {
  return measuredPhases(run).filter((phase) => phase.kind !== 'search');
}

/** A phase of a constant number of closed users. */
export type ClosedLevel = RunPhase & { readonly users: number };

/** Levels of constant closed users, by their number. */
export function closedLevels(run: Run): ClosedLevel[] {
  return resultPhases(run)
    .filter((phase): phase is ClosedLevel => phase.users !== undefined && phase.from_users === undefined)
    .filter((phase) => phase.users > 0)
    .sort((a, b) => a.users - b.users);
}

/** The pause that all users of the levels make, s; null where levels differ in it. */
export function commonThinkS(levels: readonly ClosedLevel[]): number | null {
  const [first = 0, ...others] = levels.map((level) => level.think_s ?? 0);
  return others.every((pause) => pause === first) ? first : null;
}

/** The strictest limit of p95 that was required, ms; null without one. */
export function requiredP95Ms(run: Run): number | null {
  const limits = (run.requirements ?? []).flatMap(({ figure, op, limit }) =>
    figure === 'p95' && op.startsWith('<') ? [limit] : [],
  );
  return limits.length === 0 ? null : Math.min(...limits);
}

function p95Of(level: RunPhase): number | null {
  return hasUpperBound(level, 'p95') === false ? null : (level.p95_ms ?? null);
}

/** What the scalability law is fitted to. */
export function capacityLevels(bundle: RunBundle, levels: readonly ClosedLevel[]): CapacityLevel[] {
  return levels.map((level) => {
    const from = level.start_s ?? Infinity;
    const to = from + (level.duration_s ?? 0);
    return {
      users: level.users,
      throughputPerS: level.throughput_per_s ?? 0,
      meanMs: level.mean_ms ?? null,
      // What the generator's own lag carries is no figure of the service.
      p95Ms: level.percentiles?.['p95']?.supported === false ? null : p95Of(level),
      blocksPerS: bundle.timeline
        .filter((point) => point.atS - point.widthS / 2 >= from && point.atS + point.widthS / 2 <= to)
        .map((point) => point.requestsPerS - point.failed / point.widthS),
    };
  });
}

/** The highest of the looks at the event loop's lag in a phase: with one look a second hardly a phase has a true p99. */
function loopLagMs(bundle: RunBundle, phase: string): number | null {
  const looks = bundle.server
    .filter((sample) => sample.phase === phase)
    .flatMap((sample) => statOf(sample, 'event_loop_lag_ms_last') ?? []);
  if (looks.length === 0) return null;
  const sorted = looks.sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? null;
}

/** What tiers and thresholds are judged by. */
export function degradationLevels(bundle: RunBundle, levels: readonly ClosedLevel[]): DegradationLevel[] {
  return levels.map((level) => {
    const p95Ms = p95Of(level);
    const entry = level.percentiles?.['p95'];
    return {
      users: level.users,
      throughputPerS: level.throughput_per_s ?? null,
      p95Ms,
      // Figures that came from elsewhere bring no interval: they are taken as they are.
      p95MsUpper: entry === undefined ? p95Ms : entry.upper_ms,
      meanMs: level.mean_ms ?? null,
      queueWaitMsMean: level.server_timing_ms_mean?.['queue'] ?? null,
      loopLagMsP99: loopLagMs(bundle, level.name),
    };
  });
}
