/** Metrics of one answer at most; more are not kept. */
const METRICS_MAX = 1_000;
const LINE = /^([A-Za-z_:][\w:]*)(?:\{.*\})?\s+(\S+)(?:\s+-?\d+)?$/;

/**
 * Figures of a Prometheus text answer: by metric name, summed over label sets; buckets and quantiles, which do not add
 * up, are left out, as is what is no finite number. Empty for text of another kind.
 * Source: Prometheus exposition formats, text format 0.0.4.
 */
export function parsePrometheusText(text: string): Record<string, number> {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', amount = ''] = LINE.exec(line.trim()) ?? [];
    const value = Number(amount);
    if (name === '' || amount === '' || !Number.isFinite(value)) continue;
    if (name.endsWith('_bucket') || /[{,]\s*quantile="/.test(line)) continue;
    if (sums.size < METRICS_MAX || sums.has(name)) sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return Object.fromEntries(sums);
}
