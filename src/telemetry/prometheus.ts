import { type Aggregator, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type CgroupView, type CounterName, type GaugeName, type HistogramName, METRICS } from '../contract/index.js';
import type { Metrics } from '../serving/ports.js';
import { BucketHistogram } from './bucket-histogram.js';
import type { MetricsSnapshot } from './merge-metrics.js';

/** A gauge's value, or its values by labels, at the time of a scrape. */
export type GaugeReading = number | readonly { readonly labels: Record<string, string>; readonly value: number }[];

interface Spec {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
  readonly merge?: 'max' | 'min' | 'average';
}

function configOf(name: string, spec: Spec, registry: Registry) {
  const aggregator: Aggregator = spec.merge ?? 'sum';
  return { name, help: spec.help, labelNames: [...(spec.labels ?? [])], registers: [registry], aggregator };
}

/** The metrics of contract/metrics.ts in a registry of their own, with those of the process and of Node. */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<string, Counter>();
  readonly #histograms = new Map<string, BucketHistogram>();
  readonly #beforeScrape: (() => void)[] = [];

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    for (const [name, spec] of Object.entries<Spec>(METRICS)) {
      const config = configOf(name, spec, this.#registry);
      if (spec.kind === 'counter') this.#counters.set(name, new Counter(config));
      if (spec.kind === 'histogram') {
        const histogram = new BucketHistogram({ ...config, buckets: spec.buckets ?? [] });
        this.#registry.registerMetric(histogram.asMetric());
        this.#histograms.set(name, histogram);
      }
    }
  }

  count(name: CounterName, labels: Readonly<Record<string, string>> = {}): void {
    this.#counters.get(name)?.inc(labels);
  }

  observe(name: HistogramName, value: number): void {
    this.#histograms.get(name)?.observe(value);
  }

  observeHttp(labels: { method: string; route: string; status: string }, seconds: number): void {
    this.#histograms.get('http_request_duration_seconds')?.observeUnder(labels, seconds);
  }

  /** Reads `source` at every scrape. Each gauge is given once. */
  readGauge(name: GaugeName, source: () => GaugeReading): void {
    const spec: Spec = METRICS[name];
    new Gauge({
      ...configOf(name, spec, this.#registry),
      collect() {
        const reading = source();
        this.reset();
        if (typeof reading === 'number') this.set(reading);
        else for (const { labels, value } of reading) this.set(labels, value);
      },
    });
  }

  /** Follows counters that the kernel keeps. */
  readCgroup(source: () => CgroupView | null): void {
    const follow = (name: CounterName, read: (view: CgroupView) => number | null): void => {
      this.#beforeScrape.push(() => {
        const counter = this.#counters.get(name);
        const view = source();
        counter?.reset();
        counter?.inc(view === null ? 0 : (read(view) ?? 0));
      });
    };
    follow('cgroup_cpu_periods_total', (view) => view.cpu_periods_total);
    follow('cgroup_cpu_throttled_periods_total', (view) => view.cpu_throttled_periods_total);
    follow('cgroup_cpu_throttled_seconds_total', (view) => view.cpu_throttled_s);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The metrics in the Prometheus text format. */
  text(): Promise<string> {
    for (const action of this.#beforeScrape) action();
    return this.#registry.metrics();
  }

  /** All metrics, to be merged with those of other processes. */
  snapshot(): Promise<MetricsSnapshot> {
    for (const action of this.#beforeScrape) action();
    return this.#registry.getMetricsAsJSON();
  }

  /** Names that are exported, those of the process and of Node included. */
  names(): string[] {
    return this.#registry.getMetricsAsArray().map((metric) => metric.name);
  }
}
