import type { Run, RunPhase } from '../../../contract/index.js';
import { bytes, change, count, decimal, milliseconds, perSecond } from '../../format.js';
import { type Block, type Chart, figureTable, plain, type Section } from '../../model.js';
import { anyUnsupported, hasUpperBound, percentileCell } from '../../percentile-cell.js';
import { phaseTable } from '../../phase-table.js';
import { measuredPhases, phaseTitle, type RunBundle } from '../../run-bundle.js';

const INTERVAL_NOTE =
  'In brackets: 95 % intervals by order statistics; of the success rate, its one-sided lower bound. They assume independent requests; requests of one run influence each other, so the true uncertainty is larger.';

const ms = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : milliseconds(value);

/** Figures down, phases across: readable on a phone. */
function detailTable(phases: readonly RunPhase[]): Block {
  const rows: [string, (phase: RunPhase) => string][] = [
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
  const filled = rows
    .map(([title, cell]) => [title, ...phases.map(cell)])
    .filter((row) => row.slice(1).some((cell) => cell !== '–'));
  return figureTable(
    ['Response time', ...phases.map(phaseTitle)],
    filled,
    anyUnsupported(phases) ? "* carried by the generator's own lag: not a figure of the service." : null,
  );
}

/** Throughput and latency against the number of users; only where there are several levels. */
function loadCharts(phases: readonly RunPhase[]): Chart[] {
  const levels = phases.flatMap((phase) => (phase.users === undefined ? [] : [{ phase, users: phase.users }]));
  if (new Set(levels.map(({ users }) => users)).size < 2) return [];
  const base = { xTitle: 'users', xScale: 'category' as const, spans: [] };
  const charts: Chart[] = [];
  if (levels.some(({ phase }) => phase.throughput_per_s !== undefined)) {
    charts.push({
      ...base,
      id: 'throughput-by-users',
      title: 'Throughput against users',
      description: `Right answers per second: ${levels.map(({ phase, users }) => `${perSecond(phase.throughput_per_s ?? 0)} at ${users} users`).join(', ')}.`,
      yTitle: 'right answers per second',
      yScale: 'linear',
      series: [
        { name: 'throughput', points: levels.map(({ phase, users }) => [users, phase.throughput_per_s ?? null]) },
      ],
    });
  }
  const percentile = (name: 'p50' | 'p95' | 'p99'): Chart['series'][number] => ({
    name,
    // A percentile without an upper bound is no figure and gets no point.
    points: levels.map(({ phase, users }) => [
      users,
      hasUpperBound(phase, name) === false ? null : (phase[`${name}_ms`] ?? null),
    ]),
    intervals: levels.flatMap(({ phase, users }) => {
      const entry = phase.percentiles?.[name];
      return entry === undefined || entry.upper_ms === null ? [] : [[users, entry.lower_ms, entry.upper_ms] as const];
    }),
  });
  charts.push({
    ...base,
    id: 'latency-by-users',
    title: 'Response time against users',
    description: `p50, p95 and p99 of the response time by users: ${levels.map(({ phase, users }) => `${users} users ${percentileCell(phase, 'p50', false)} / ${percentileCell(phase, 'p95', false)} / ${percentileCell(phase, 'p99', false)} ms`).join('; ')}.`,
    yTitle: 'ms',
    yScale: 'linear',
    series: [percentile('p50'), percentile('p95'), percentile('p99')],
  });
  return charts;
}

function distributionChart(bundle: RunBundle): Chart[] {
  const phases = measuredPhases(bundle.run).filter((phase) => (bundle.distributions.get(phase.name)?.length ?? 0) > 1);
  if (phases.length === 0) return [];
  return [
    {
      id: 'latency-by-percentile',
      title: 'Response time by percentile',
      description:
        'How slow the slowest share of requests is: each step to the right leaves out a tenth of the requests before.',
      xTitle: 'percentile',
      yTitle: 'ms (logarithmic)',
      xScale: 'percentile',
      yScale: 'log',
      series: phases.map((phase) => ({
        name: phaseTitle(phase),
        points: (bundle.distributions.get(phase.name) ?? []).map((point) => [point.percentile, point.ms]),
      })),
      spans: [],
    },
  ];
}

/** Figures of each phase. */
export function resultsSection(bundle: RunBundle): Section {
  const phases = measuredPhases(bundle.run);
  const { columns, rows } = phaseTable(bundle.run);
  const hasIntervals = phases.some((phase) => phase.percentiles !== undefined);
  return {
    id: 'results',
    title: 'Performance results',
    blocks: [
      { kind: 'table', columns, rows, note: hasIntervals ? INTERVAL_NOTE : null },
      ...[...loadCharts(phases), ...distributionChart(bundle)].map((chart) => ({ kind: 'chart' as const, chart })),
      detailTable(phases),
    ],
  };
}

const COMPARED: readonly [string, (phase: RunPhase) => number | null | undefined, (value: number) => string][] = [
  ['Throughput /s', (phase) => phase.throughput_per_s, perSecond],
  ['Mean ms', (phase) => phase.mean_ms, milliseconds],
  ['p50 ms', (phase) => (hasUpperBound(phase, 'p50') === false ? null : phase.p50_ms), milliseconds],
  ['p95 ms', (phase) => (hasUpperBound(phase, 'p95') === false ? null : phase.p95_ms), milliseconds],
  ['p99 ms', (phase) => (hasUpperBound(phase, 'p99') === false ? null : phase.p99_ms), milliseconds],
  [
    'Efficiency (req/s per user)',
    (phase) => (phase.throughput_per_s === undefined || !phase.users ? null : phase.throughput_per_s / phase.users),
    (value) => decimal(value, 2),
  ],
];

/** Change of each figure from phase to phase; null with a single phase. */
export function comparisonSection(run: Run): Section | null {
  const phases = measuredPhases(run);
  if (phases.length < 2) return null;
  const pairs = phases.slice(1).map((phase, i) => [phases[i] as RunPhase, phase] as const);
  const rows = COMPARED.map(([title, read, say]) => [
    title,
    ...phases.map((phase) => {
      const value = read(phase) ?? null;
      return value === null ? '–' : say(value);
    }),
    ...pairs.map(([from, to]) => {
      const a = read(from) ?? null;
      const b = read(to) ?? null;
      return a === null || b === null ? '–' : change(a, b);
    }),
  ]).filter((row) => row.slice(1).some((cell) => cell !== '–'));
  return {
    id: 'comparison',
    title: 'Comparison between phases',
    blocks: [
      figureTable(
        ['Figure', ...phases.map(phaseTitle), ...pairs.map(([from, to]) => `${from.name} → ${to.name}`)],
        rows,
        'A percentile without an upper bound is not compared.',
      ),
    ],
  };
}

/** Status classes, failures, and bytes out and in per request; null where nothing is known of them. */
export function answersSection(run: Run): Section | null {
  const phases = measuredPhases(run).filter((phase) => phase.statuses !== undefined || phase.bytes_in !== undefined);
  if (phases.length === 0) return null;
  const statuses = [...new Set(phases.flatMap((phase) => Object.keys(phase.statuses ?? {})))].sort();
  const failures = [...new Set(phases.flatMap((phase) => Object.keys(phase.failures ?? {})))].sort();
  const each = (total: number | undefined, phase: RunPhase): string =>
    total === undefined || !phase.requests ? '–' : bytes(total / phase.requests);
  const rows = [
    ...statuses.map((status) => [
      status === '0' ? 'no status' : `status ${status}`,
      ...phases.map((phase) => count(phase.statuses?.[status] ?? 0)),
    ]),
    ...failures.map((kind) => [
      `failed: ${kind.replaceAll('_', ' ')}`,
      ...phases.map((phase) => count(phase.failures?.[kind] ?? 0)),
    ]),
    ['sent per request', ...phases.map((phase) => each(phase.bytes_out, phase))],
    ['received per request', ...phases.map((phase) => each(phase.bytes_in, phase))],
  ];
  const examples = phases.flatMap((phase) =>
    Object.entries(phase.failure_examples ?? {}).map(([kind, text]) =>
      plain(`Phase ${phase.name}, first ${kind.replaceAll('_', ' ')}: ${text}`),
    ),
  );
  return {
    id: 'answers',
    title: 'Status classes and bytes',
    blocks: [
      figureTable(['', ...phases.map(phaseTitle)], rows),
      ...(examples.length === 0 ? [] : [{ kind: 'list' as const, items: examples }]),
    ],
  };
}
