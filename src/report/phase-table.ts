import type { Run, RunPhase } from '../contract/index.js';
import { failureRateBound } from '../domain/stats/index.js';
import { count, perSecond, share, shareAtLeast } from './format.js';
import type { TableColumn } from './model.js';
import { percentileCell } from './percentile-cell.js';
import { measuredPhases } from './run-bundle.js';

/** Success with what it proves: `100 % (≥ 99.1 %)`. */
export function successCell(phase: RunPhase): string {
  const { requests, failed } = phase;
  const rate = phase.success_rate ?? null;
  if (rate === null) return '–';
  if (requests === undefined || requests === 0) return share(rate);
  const failures = failed ?? Math.round(requests * (1 - rate));
  const bound = phase.failure_rate_bound ?? failureRateBound(failures, requests);
  return `${share(rate)} (≥ ${shareAtLeast(1 - bound)})`;
}

interface PhaseTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly string[])[];
}

/** The table that matters, for a terminal as for a report: one row per measured phase, times in ms. */
export function phaseTable(run: Run): PhaseTable {
  return tableOfPhases(measuredPhases(run));
}

/** The same of chosen phases. */
export function tableOfPhases(phases: readonly RunPhase[]): PhaseTable {
  const titles = [
    'phase',
    phases.every((phase) => phase.users !== undefined) ? 'users' : 'load',
    'requests',
    'success',
    'req/s',
    'p50 ms',
    'p95 ms',
    'p99 ms',
  ];
  const named = phases.some((phase) => phase.name !== String(phase.users ?? phase.rate));
  const rows = phases.map((phase) => [
    phase.name,
    phase.users !== undefined ? count(phase.users) : phase.rate === undefined ? '–' : `${perSecond(phase.rate)}/s`,
    phase.requests === undefined ? '–' : count(phase.requests),
    successCell(phase),
    phase.throughput_per_s === undefined ? '–' : perSecond(phase.throughput_per_s),
    percentileCell(phase, 'p50'),
    percentileCell(phase, 'p95'),
    percentileCell(phase, 'p99'),
  ]);
  const from = named ? 0 : 1; // a phase that is called after its users needs no name beside them
  return {
    columns: titles.slice(from).map((title) => ({ title, align: title === 'phase' ? 'left' : 'right' })),
    rows: rows.map((row) => row.slice(from)),
  };
}
