import type { RunPhase } from '../../../contract/index.js';
import { figuresByPhase, type PhaseFigure } from '../figures-by-phase.js';
import type { Findings } from '../../findings.js';
import { count, milliseconds } from '../../format.js';
import { resultPhases } from '../../judging/load-levels.js';
import type { Block, Section } from '../../model.js';
import { anyUnsupported, percentileCell } from '../../percentile-cell.js';
import { tableOfPhases } from '../../phase-table.js';
import type { RunBundle } from '../../run-bundle.js';
import { loadCharts } from './load-charts.js';

const INTERVAL_NOTE =
  'In brackets: 95 % intervals by order statistics; of the success rate, its one-sided lower bound. They assume independent requests; requests of one run influence each other, so the true uncertainty is larger.';

const ms = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : milliseconds(value);

function detailTable(phases: readonly RunPhase[]): Block {
  const rows: PhaseFigure[] = [
    ['Min ms', (phase) => ms(phase.min_ms)],
    ['Mean ms', (phase) => ms(phase.mean_ms)],
    ['p50 ms', (phase) => percentileCell(phase, 'p50', false)],
    ['p90 ms', (phase) => percentileCell(phase, 'p90', false)],
    ['p95 ms', (phase) => percentileCell(phase, 'p95', false)],
    ['p99 ms', (phase) => percentileCell(phase, 'p99', false)],
    ['p99.9 ms', (phase) => percentileCell(phase, 'p99.9', false)],
    ['Max ms', (phase) => ms(phase.max_ms)],
    ['Failed', (phase) => (phase.failed === undefined ? '–' : count(phase.failed))],
    ['Failed: median ms', (phase) => ms(phase.failed_ms?.p50)],
    ['Connections opened', (phase) => (phase.connections_opened === undefined ? '–' : count(phase.connections_opened))],
    ['Mean wait for a connection ms', (phase) => ms(phase.connection_wait_ms_mean)],
  ];
  return figuresByPhase(
    'Response time',
    phases,
    rows,
    anyUnsupported(phases) ? "* carried by the generator's own lag: not a figure of the service." : null,
  );
}

/** Figures of each phase; null where no phase counts. */
export function resultsSection(bundle: RunBundle, findings: Findings): Section | null {
  const phases = resultPhases(bundle.run);
  if (phases.length === 0) return null;
  const { columns, rows } = tableOfPhases(phases);
  const hasIntervals = phases.some((phase) => phase.percentiles !== undefined);
  return {
    id: 'results',
    title: 'Performance results',
    lead: 'How many requests were answered rightly at each load, and how long users waited for them.',
    blocks: [
      { kind: 'table', columns, rows, note: hasIntervals ? INTERVAL_NOTE : null },
      ...loadCharts(bundle, findings).map((chart) => ({ kind: 'chart' as const, chart })),
      detailTable(phases),
    ],
  };
}
