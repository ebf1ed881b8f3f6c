import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** All metrics of one process, as they can be sent to another. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[];

/** The metrics of several processes as one: each by the rule that contract/metrics.ts states for it. */
export function mergeMetrics(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  return AggregatorRegistry.aggregate([...snapshots]).getMetricsAsJSON();
}

/** The merged metrics in the Prometheus text format. */
export function mergedText(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics();
}

/** What a process that is gone has counted; its gauges are nobody's any more. */
export function countsOf(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot.filter(
    (metric) => metric.aggregator === 'sum' && (isOf(metric, 'counter') || isOf(metric, 'histogram')),
  );
}

/** The library says types as words in its snapshots, and as numbers in its declarations. */
function isOf(metric: { readonly type: unknown }, kind: 'counter' | 'histogram'): boolean {
  return metric.type === kind;
}
