import type { Chart, Section, Series } from '../../model.js';
import type { RunBundle, TimelinePoint } from '../../run-bundle.js';
import { phaseSpans, runEvents } from './run-events.js';

const POINTS_MIN = 3;

function seriesOf(
  bundle: RunBundle,
  lines: readonly (readonly [name: string, read: (point: TimelinePoint) => number | null])[],
): Series[] {
  return lines
    .map(([name, read]) => ({ name, points: bundle.timeline.map((point) => [point.atS, read(point)] as const) }))
    .filter(({ points }) => points.some(([, y]) => y !== null));
}

/** Response time, rate and failures over time, from the samples; null without them. */
export function timelineSection(bundle: RunBundle): Section | null {
  const { timeline } = bundle;
  if (timeline.length < POINTS_MIN) return null;
  const base = {
    xTitle: 'seconds',
    xScale: 'linear' as const,
    yScale: 'linear' as const,
    spans: phaseSpans(bundle),
    events: runEvents(bundle),
  };
  const kinds = [...new Set(timeline.flatMap((point) => Object.keys(point.failures)))].sort();
  const stretch = timeline[0]?.widthS === 1 ? 'second' : `${timeline[0]?.widthS ?? 1} seconds`;
  const charts: Chart[] = [
    {
      ...base,
      id: 'latency-over-time',
      title: 'Response time over time',
      description: `p50, p95 and p99 of the right answers of each ${stretch}, where there were enough of them for the percentile.`,
      yTitle: 'ms',
      series: seriesOf(bundle, [
        ['p50', (point) => point.p50Ms],
        ['p95', (point) => point.p95Ms],
        ['p99', (point) => point.p99Ms],
      ]),
    },
    {
      ...base,
      id: 'rate-over-time',
      title: 'Answers per second over time',
      description: 'Right answers and failed requests that ended per second.',
      yTitle: 'per second',
      series: seriesOf(bundle, [
        ['right answers', (point) => point.requestsPerS - point.failed / point.widthS],
        ...(kinds.length === 0 ? [] : [['failed', (point: TimelinePoint) => point.failed / point.widthS] as const]),
      ]),
    },
    ...(kinds.length < 2
      ? []
      : [
          {
            ...base,
            id: 'failures-over-time',
            title: 'Failures over time by kind',
            description: 'Failed requests that ended per second, by kind of failure.',
            yTitle: 'per second',
            series: seriesOf(
              bundle,
              kinds.map((kind) => [
                kind.replaceAll('_', ' '),
                (point: TimelinePoint) => (point.failures[kind] ?? 0) / point.widthS,
              ]),
            ),
          },
        ]),
  ];
  return {
    id: 'timeline',
    title: 'Over time',
    lead: 'How response times and answers went while the run went on; the grey bands are its phases.',
    blocks: charts.filter(({ series }) => series.length > 0).map((chart) => ({ kind: 'chart' as const, chart })),
  };
}
