import type { Clock, StatsSources } from '../../serving/index.js';
import { type PrometheusMetrics, Utilization } from '../../telemetry/index.js';

/** Lets every gauge read its value from the service at a scrape. Returns the counter of HTTP requests under way. */
export function wireMetrics(metrics: PrometheusMetrics, sources: StatsSources, clock: Clock): (change: 1 | -1) => void {
  const { service, identity, self } = sources;
  const { engine } = service;
  const utilization = new Utilization(clock.nowUs());
  let inFlight = 0;
  const workers = (): number => service.lane?.backend.workers ?? 0;
  const idle = (): number => service.lane?.backend.freeWorkers ?? 0;
  metrics.readGauge('inference_queue_len', () => engine.queued);
  metrics.readGauge('inference_active_workers', () => engine.active);
  metrics.readGauge('inference_steps_in_flight', () => engine.gate.stepsInFlight);
  metrics.readGauge('inference_bytes_in_flight', () => engine.gate.bytesInFlight);
  metrics.readGauge('inference_request_limit', () => {
    const { requestLimit } = engine.gate;
    return Number.isFinite(requestLimit) ? requestLimit : 0;
  });
  metrics.readGauge('inference_workers_total', workers);
  metrics.readGauge('inference_workers_busy', () => workers() - idle());
  metrics.readGauge('inference_workers_idle', idle);
  metrics.readGauge('inference_worker_utilization', () => utilization.read(engine.execUs, workers(), clock.nowUs()));
  metrics.readGauge('inference_queue_oldest_wait_seconds', () => engine.oldestWaitUs / 1e6);
  metrics.readGauge('inference_model_ready', () => (service.isReady ? 1 : 0));
  metrics.readGauge('inference_model_info', () => {
    const spec = service.lane?.spec;
    if (spec === undefined) return [];
    return [{ labels: { run_id: spec.runId, model_type: spec.modelType, identifier: spec.identifier }, value: 1 }];
  });
  metrics.readGauge('flts_build_info', () => [
    { labels: { version: identity.buildVersion, node: process.version }, value: 1 },
  ]);
  // Each counts itself: over all that share a port, the sum is how many there are.
  metrics.readGauge('flts_processes', () => 1);
  metrics.readGauge('http_requests_in_flight', () => inFlight);
  metrics.readCgroup(() => self.cgroup());
  return (change) => {
    inFlight += change;
  };
}
