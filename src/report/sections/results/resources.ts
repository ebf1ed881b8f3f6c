import type { ServerSample } from '../../../contract/index.js';
import { bytes, count, decimal, milliseconds, share } from '../../format.js';
import { type Block, type Chart, figureTable, type Section } from '../../model.js';
import { measuredPhases, type RunBundle } from '../../run-bundle.js';

/** Points of a chart over time at most. */
const CHART_POINTS_MAX = 240;

function number(sample: ServerSample, ...keys: string[]): number | null {
  let value: unknown = sample.stats;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

const processCpuS = (sample: ServerSample): number | null => {
  const user = number(sample, 'process', 'cpu_user_s');
  const system = number(sample, 'process', 'cpu_system_s');
  return user === null || system === null ? null : user + system;
};

/** Looks closer together than this make noise, not rates: one follows the end of every phase. */
const RATE_OVER_MIN_S = 0.5;

/** What a counter grew by per second since the last look at least half a second before; null where it fell. */
function rates(samples: readonly ServerSample[], read: (sample: ServerSample) => number | null): (number | null)[] {
  return samples.map((sample, i) => {
    const before = samples
      .slice(Math.max(0, i - 3), i)
      .findLast((other) => sample.at_us - other.at_us >= RATE_OVER_MIN_S * 1e6);
    if (before === undefined) return null;
    const from = read(before);
    const to = read(sample);
    return from === null || to === null || to < from ? null : (to - from) / ((sample.at_us - before.at_us) / 1e6);
  });
}

const present = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b) / values.length;
const most = (values: readonly number[]): number | null => (values.length === 0 ? null : Math.max(...values));

function meanAndMost(values: readonly number[], say: (value: number) => string): string {
  const average = mean(values);
  const top = most(values);
  return average === null || top === null ? '–' : `${say(average)} / ${say(top)}`;
}

/** During each phase: mean and maximum of what the server said once a second. */
function duringTable(bundle: RunBundle): Block {
  const phases = measuredPhases(bundle.run);
  const cores = rates(bundle.server, processCpuS);
  const of = (phase: string): { samples: ServerSample[]; cores: number[] } => {
    const places = bundle.server.flatMap((sample, i) => (sample.phase === phase ? [i] : []));
    return {
      samples: places.map((i) => bundle.server[i] as ServerSample),
      cores: present(places.map((i) => cores[i] ?? null)),
    };
  };
  const gauge = (key: string[], say: (value: number) => string) => (phase: string) =>
    meanAndMost(present(of(phase).samples.map((sample) => number(sample, ...key))), say);
  const rows: [string, (phase: string) => string][] = [
    ['Samples', (phase) => count(of(phase).samples.length)],
    ['CPU, cores', (phase) => meanAndMost(of(phase).cores, (value) => decimal(value, 2))],
    ['Memory (RSS)', gauge(['process', 'rss_bytes'], bytes)],
    ['Queue length', gauge(['queue_length'], (value) => decimal(value, 1))],
    ['Active requests', gauge(['active'], (value) => decimal(value, 1))],
    ['Busy workers', gauge(['workers_busy'], (value) => decimal(value, 1))],
    ['Event-loop lag ms', gauge(['event_loop_lag_ms_last'], milliseconds)],
    ['Cache hit rate', gauge(['cache_hit_rate'], share)],
  ];
  return figureTable(
    ['Mean / maximum', ...phases.map((phase) => phase.name)],
    rows
      .map(([title, cell]) => [title, ...phases.map((phase) => cell(phase.name))])
      .filter((row) => row.slice(1).some((cell) => cell !== '–')),
    'As the service reports it once a second; what happens between two looks is not seen.',
  );
}

/** What the service says after the last phase; counters since its start. */
function afterFacts(samples: readonly ServerSample[]): Block | null {
  const last = samples.findLast((sample) => sample.stats !== null);
  if (last === undefined) return null;
  const rows: (readonly [string, string])[] = [];
  const triple = (label: string, key: string): void => {
    const [latest = null, top = null, average = null] = ['last', 'max', 'avg'].map((which) =>
      number(last, `${key}_${which}`),
    );
    if (latest === null || top === null || average === null) return;
    rows.push([label, `last ${milliseconds(latest)}, max ${milliseconds(top)}, average ${milliseconds(average)} ms`]);
  };
  const plainCount = (label: string, ...keys: string[]): void => {
    const value = number(last, ...keys);
    if (value !== null) rows.push([label, count(value)]);
  };
  plainCount('Completed requests', 'completed');
  plainCount('Answered 500', 'error_500_total');
  plainCount('Queue length', 'queue_length');
  triple('Queue wait', 'wait_ms');
  triple('Model execution', 'exec_ms');
  triple('Data preparation', 'prep_ms');
  triple('Event-loop lag', 'event_loop_lag_ms');
  const shed = last.stats?.['shed_total'];
  if (typeof shed === 'object' && shed !== null) {
    const total = Object.values(shed as Record<string, unknown>).reduce<number>(
      (sum, value) => sum + (typeof value === 'number' ? value : 0),
      0,
    );
    rows.push(['Shed requests', count(total)]);
  }
  plainCount('Throttled CPU periods', 'cgroup', 'cpu_throttled_periods_total');
  plainCount('OOM kills', 'cgroup', 'oom_kill_total');
  return rows.length === 0 ? null : { kind: 'facts', rows };
}

/** Stretches of the time axis that belong to phases. */
function spansOf(bundle: RunBundle): Chart['spans'] {
  return bundle.run.phases.flatMap((phase) =>
    phase.start_s === undefined || phase.duration_s === undefined
      ? []
      : [{ name: phase.name, from: phase.start_s, to: phase.start_s + phase.duration_s }],
  );
}

function overTime(
  bundle: RunBundle,
  chart: Pick<Chart, 'id' | 'title' | 'description' | 'yTitle'>,
  lines: readonly (readonly [string, readonly (number | null)[]])[],
): Chart[] {
  const step = Math.max(1, Math.ceil(bundle.server.length / CHART_POINTS_MAX));
  const series = lines
    .filter(([, values]) => present(values).length > 1)
    .map(([name, values]) => ({
      name,
      points: bundle.server
        .map((sample, i) => [sample.at_us / 1e6, values[i] ?? null] as const)
        .filter((_, i) => i % step === 0),
    }));
  if (series.length === 0) return [];
  return [{ ...chart, xTitle: 'seconds', xScale: 'linear', yScale: 'linear', series, spans: spansOf(bundle) }];
}

/** Response time and rate over time, from the samples. */
export function timelineSection(bundle: RunBundle): Section | null {
  if (bundle.timeline.length < 3) return null;
  const base = { xTitle: 'seconds', xScale: 'linear' as const, yScale: 'linear' as const, spans: spansOf(bundle) };
  const points = (read: (point: (typeof bundle.timeline)[number]) => number | null) =>
    bundle.timeline.map((point) => [point.atS, read(point)] as const);
  const charts: Chart[] = [
    {
      ...base,
      id: 'latency-over-time',
      title: 'Response time over time',
      description: 'p50 and p95 of the response time in each stretch of time with at least 20 answers.',
      yTitle: 'ms',
      series: [
        { name: 'p50', points: points((point) => point.p50Ms) },
        { name: 'p95', points: points((point) => point.p95Ms) },
      ],
    },
    {
      ...base,
      id: 'rate-over-time',
      title: 'Answers per second over time',
      description: 'Answers that came in per second, right or wrong, and the failed ones among them.',
      yTitle: 'per second',
      series: [
        { name: 'answers', points: points((point) => point.requestsPerS) },
        ...(bundle.timeline.some((point) => point.failed > 0)
          ? [{ name: 'failed', points: points((point) => point.failed) }]
          : []),
      ],
    },
  ];
  return { id: 'timeline', title: 'Over time', blocks: charts.map((chart) => ({ kind: 'chart' as const, chart })) };
}

/** What the server's own metrics say; null where it gave none. */
export function resourcesSection(bundle: RunBundle): Section | null {
  const { server } = bundle;
  if (!server.some((sample) => sample.stats !== null)) return null;
  const gauge = (...keys: string[]) => server.map((sample) => number(sample, ...keys));
  const charts = [
    ...overTime(
      bundle,
      {
        id: 'queue-over-time',
        title: 'Queue and active requests',
        description: 'Waiting and dispatched requests, once a second.',
        yTitle: 'requests',
      },
      [
        ['queue', gauge('queue_length')],
        ['active', gauge('active')],
      ],
    ),
    ...overTime(
      bundle,
      {
        id: 'cpu-over-time',
        title: 'CPU of the service',
        description: 'Cores that the service process used, between two looks.',
        yTitle: 'cores',
      },
      [['CPU', rates(server, processCpuS)]],
    ),
    ...overTime(
      bundle,
      {
        id: 'memory-over-time',
        title: 'Memory of the service',
        description: 'Resident memory of the service process.',
        yTitle: 'MiB',
      },
      [['RSS', gauge('process', 'rss_bytes').map((value) => (value === null ? null : value / 2 ** 20))]],
    ),
  ];
  const after = afterFacts(server);
  return {
    id: 'resources',
    title: 'Resource utilisation',
    blocks: [
      duringTable(bundle),
      ...charts.map((chart) => ({ kind: 'chart' as const, chart })),
      ...(after === null
        ? []
        : [
            {
              kind: 'text' as const,
              sentences: [
                { tone: 'plain' as const, text: 'After the last phase the service says of itself, since its start:' },
              ],
            },
            after,
          ]),
    ],
  };
}
