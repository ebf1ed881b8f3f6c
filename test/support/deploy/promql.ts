import { parser } from '@prometheus-io/lezer-promql';
import { METRICS } from '../../../src/contract/index.js';
import { PrometheusMetrics } from '../../../src/telemetry/index.js';

export interface Query {
  /** Metrics that the query selects. */
  readonly metrics: readonly string[];
  /** Its windows, such as 5m. */
  readonly windows: readonly string[];
}

/** What a PromQL expression selects. Throws where it is no PromQL. */
export function readQuery(text: string): Query {
  const metrics: string[] = [];
  const windows: string[] = [];
  parser.parse(text).iterate({
    enter: (node) => {
      const part = text.slice(node.from, node.to);
      if (node.type.isError) throw new Error(`no PromQL near '${text.slice(node.from, node.from + 30)}': ${text}`);
      if (node.name === 'VectorSelector') metrics.push(/^[a-zA-Z_:][\w:]*/.exec(part)?.[0] ?? part);
      if (node.name === 'MatrixSelector' || node.name === 'SubqueryExpr')
        windows.push(/\[([^\]:]+)/.exec(part.slice(part.lastIndexOf('[')))?.[1] ?? '');
    },
  });
  return { metrics, windows };
}

/** Every name that a scrape of the service can yield, and `up`, which Prometheus adds. */
export function exportedNames(): ReadonlySet<string> {
  const specs: Readonly<Record<string, { readonly kind: string }>> = METRICS;
  const names = new Set([...new PrometheusMetrics().names(), ...Object.keys(specs), 'up']);
  // Node's own histograms are told by their names.
  const isHistogram = (name: string): boolean =>
    specs[name]?.kind === 'histogram' || name.endsWith('_duration_seconds');
  for (const name of [...names].filter(isHistogram)) {
    for (const suffix of ['_bucket', '_sum', '_count']) names.add(name + suffix);
  }
  return names;
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The seconds of a duration such as 5m or 1h30m. */
export function secondsOf(duration: string): number {
  const parts = [...duration.matchAll(/(\d+)([smhd])/g)];
  return parts.reduce((total, [, count, unit]) => total + Number(count) * (SECONDS[unit ?? ''] ?? Number.NaN), 0);
}
