import { expect, it } from 'vitest';
import { countsOf, mergedText, mergeMetrics, type MetricsSnapshot } from './merge-metrics.js';
import { PrometheusMetrics } from './prometheus.js';

async function snapshot(jobs: number, oldestWaitS: number, ready: number): Promise<MetricsSnapshot> {
  const metrics = new PrometheusMetrics();
  for (let i = 0; i < jobs; i++) {
    metrics.count('inference_jobs_processed_total');
    metrics.observe('inference_batch_rows', 3);
  }
  metrics.readGauge('inference_queue_oldest_wait_seconds', () => oldestWaitS);
  metrics.readGauge('inference_model_ready', () => ready);
  metrics.readGauge('inference_queue_len', () => 2);
  return structuredClone(await metrics.snapshot());
}

function line(text: string, name: string): string | undefined {
  return text.split('\n').find((one) => one.startsWith(`${name} `));
}

it('each metric by its own rule: counts and lengths add up, the oldest wait is the longest, ready are all or none', async () => {
  const text = await mergedText([await snapshot(2, 5, 1), await snapshot(3, 7, 0)]);
  expect(line(text, 'inference_jobs_processed_total')).toBe('inference_jobs_processed_total 5');
  expect(line(text, 'inference_batch_rows_sum')).toBe('inference_batch_rows_sum 15');
  expect(line(text, 'inference_queue_len')).toBe('inference_queue_len 4');
  expect(line(text, 'inference_queue_oldest_wait_seconds')).toBe('inference_queue_oldest_wait_seconds 7');
  expect(line(text, 'inference_model_ready')).toBe('inference_model_ready 0');
});

it('of a process that is gone, counters and histograms stay, gauges go', async () => {
  const gone = await mergeMetrics([countsOf(await snapshot(2, 5, 1)), countsOf(await snapshot(4, 9, 0))]);
  const text = await mergedText([await snapshot(1, 1, 1), gone]);
  expect(line(text, 'inference_jobs_processed_total')).toBe('inference_jobs_processed_total 7');
  expect(line(text, 'inference_batch_rows_count')).toBe('inference_batch_rows_count 7');
  expect(line(text, 'inference_queue_len')).toBe('inference_queue_len 2');
  expect(line(text, 'inference_model_ready')).toBe('inference_model_ready 1');
});
