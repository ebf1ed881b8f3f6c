import type { ServerSample } from '../../../contract/index.js';
import type { Chart } from '../../model.js';
import type { RunBundle } from '../../run-bundle.js';
import { statOf } from '../../evidence/server-figures.js';
import { phaseSpans, runEvents } from './run-events.js';
import { means, processCpuS, rates } from './server-rates.js';

/** Points of a chart over time at most. */
const CHART_POINTS_MAX = 240;
const MIB = 2 ** 20;

type Values = readonly (number | null)[];
type Line = readonly [name: string, values: Values];

function overTime(
  bundle: RunBundle,
  chart: Pick<Chart, 'id' | 'title' | 'description' | 'yTitle' | 'limits'>,
  lines: readonly Line[],
): Chart[] {
  const step = Math.max(1, Math.ceil(bundle.server.length / CHART_POINTS_MAX));
  const series = lines
    .filter(([, values]) => values.filter((value) => value !== null).length > 1)
    .map(([name, values]) => ({
      name,
      points: bundle.server
        .map((sample, i) => [sample.at_us / 1e6, values[i] ?? null] as const)
        .filter((_, i) => i % step === 0),
    }));
  if (series.length === 0) return [];
  return [
    {
      ...chart,
      xTitle: 'seconds',
      xScale: 'linear',
      yScale: 'linear',
      series,
      spans: phaseSpans(bundle),
      events: runEvents(bundle),
    },
  ];
}

/** How many cores the service may use: its cgroup's limit, else the machine's. */
function coresAvailable(samples: readonly ServerSample[]): number | null {
  const last = samples.findLast((sample) => sample.stats !== null);
  if (last === undefined) return null;
  return statOf(last, 'cgroup', 'cpu_limit_cores') ?? statOf(last, 'process', 'cpu_cores');
}

function workCharts(bundle: RunBundle): Chart[] {
  const { server } = bundle;
  const gauge = (...path: string[]): Values => server.map((sample) => statOf(sample, ...path));
  const cores = coresAvailable(server);
  return [
    ...overTime(
      bundle,
      {
        id: 'queue-over-time',
        title: 'Queue, active requests and busy workers',
        description: 'Requests that wait, requests handed to workers, and workers at work, looked at once a second.',
        yTitle: 'number',
      },
      [
        ['queue', gauge('queue_length')],
        ['active', gauge('active')],
        ['busy workers', gauge('workers_busy')],
      ],
    ),
    ...overTime(
      bundle,
      {
        id: 'batch-over-time',
        title: 'Batch size',
        description: 'Mean number of windows in one run of the model, between two looks.',
        yTitle: 'windows',
      },
      [['batch', means(server, 'inference_batch_rows')]],
    ),
    ...overTime(
      bundle,
      {
        id: 'loop-lag-over-time',
        title: 'Event-loop lag',
        description:
          'How late the event loop was at each look; the mean between looks misses no spike, but flattens it.',
        yTitle: 'ms',
      },
      [
        ['at the look', gauge('event_loop_lag_ms_last')],
        ['mean', means(server, 'event_loop_lag_seconds').map((s) => (s === null ? null : s * 1000))],
      ],
    ),
    ...overTime(
      bundle,
      {
        id: 'cpu-over-time',
        title: 'CPU of the service',
        description: `Cores that the service process used, between two looks${cores === null ? '' : `; it may use ${cores}`}.`,
        yTitle: 'cores',
        limits: cores === null ? [] : [{ name: 'available', at: cores }],
      },
      [['CPU', rates(server, processCpuS)]],
    ),
  ];
}

function resourceCharts(bundle: RunBundle): Chart[] {
  const { server } = bundle;
  const mib = (values: Values): Values => values.map((value) => (value === null ? null : value / MIB));
  const gauge = (...path: string[]): Values => server.map((sample) => statOf(sample, ...path));
  const rate = (key: string): Values => mib(rates(server, (sample) => statOf(sample, 'process', key)));
  const hits = gauge('cache_hit_rate');
  return [
    ...overTime(
      bundle,
      {
        id: 'memory-over-time',
        title: 'Memory of the service',
        description: 'Resident memory of the service process, and the part of it that JavaScript objects fill.',
        yTitle: 'MiB',
      },
      [
        ['resident', mib(gauge('process', 'rss_bytes'))],
        ['heap used', mib(gauge('process', 'heap_used_bytes'))],
      ],
    ),
    ...overTime(
      bundle,
      {
        id: 'network-over-time',
        title: 'Network of the machine',
        description: 'Bytes in and out over all interfaces, the loopback among them, between two looks.',
        yTitle: 'MiB/s',
      },
      [
        ['in', rate('network_rx_bytes')],
        ['out', rate('network_tx_bytes')],
      ],
    ),
    ...overTime(
      bundle,
      {
        id: 'disk-over-time',
        title: 'Disk of the service',
        description: 'Bytes that the service process read from and wrote to disk, between two looks.',
        yTitle: 'MiB/s',
      },
      [
        ['read', rate('disk_read_bytes')],
        ['written', rate('disk_write_bytes')],
      ],
    ),
    ...(hits.some((value) => value !== null)
      ? overTime(
          bundle,
          {
            id: 'cache-over-time',
            title: 'Cache hit rate',
            description: 'Share of requests answered from the cache, as the service says.',
            yTitle: 'percent',
          },
          [['hit rate', hits.map((value) => (value === null ? null : value * 100))]],
        )
      : []),
  ];
}

/** Charts of what the service said of itself once a second; only those it has figures for. */
export function serverCharts(bundle: RunBundle): Chart[] {
  return [...workCharts(bundle), ...resourceCharts(bundle)];
}
