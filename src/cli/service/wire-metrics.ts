import type { Clock, ModelCatalogue, StatsSources } from '../../serving/index.js';
import { type PrometheusMetrics, Utilization } from '../../telemetry/index.js';

/** Lets every gauge read its value from the service at a scrape. Returns the counter of HTTP requests under way. */
export function wireMetrics(metrics: PrometheusMetrics, sources: StatsSources, clock: Clock): (change: 1 | -1) => void {
  const { service, catalogue, identity, self } = sources;
  const { engine } = service;
  const utilization = new Utilization(clock.nowUs());
  let inFlight = 0;
  metrics.readGauge('inference_queue_len', () => engine.queued);
  metrics.readGauge('inference_active_workers', () => engine.active);
  metrics.readGauge('inference_steps_in_flight', () => engine.gate.stepsInFlight);
  metrics.readGauge('inference_bytes_in_flight', () => engine.gate.bytesInFlight);
  metrics.readGauge('inference_request_limit', () => {
    const { requestLimit } = engine.gate;
    return Number.isFinite(requestLimit) ? requestLimit : 0;
  });
  metrics.readGauge('inference_workers_total', () => engine.workers);
  metrics.readGauge('inference_workers_busy', () => engine.workers - engine.freeWorkers);
  metrics.readGauge('inference_workers_idle', () => engine.freeWorkers);
  metrics.readGauge('inference_worker_utilization', () =>
    utilization.read(engine.execUs, engine.workers, clock.nowUs()),
  );
  metrics.readGauge('inference_queue_oldest_wait_seconds', () => engine.oldestWaitUs / 1e6);
  metrics.readGauge('inference_model_ready', () => (service.isReady ? 1 : 0));
  wireVersions(metrics, catalogue);
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

/** What there is to say of each version; only of those that are loaded or should be, so that no label stays for ever. */
function wireVersions(metrics: PrometheusMetrics, catalogue: ModelCatalogue): void {
  metrics.readGauge('inference_model_info', () =>
    catalogue.loaded().map(({ record, name, isMain }) => ({
      labels: { run_id: record.runId, model_type: record.lane?.spec.modelType ?? '', identifier: name },
      value: isMain ? 1 : 0,
    })),
  );
  metrics.readGauge('inference_version_requests', () =>
    catalogue.loaded().flatMap(({ record: { runId, lane } }) => {
      const { answered = 0, failed = 0, notFinite = 0 } = lane?.tally ?? {};
      return Object.entries({ answered, failed, non_finite: notFinite }).map(([outcome, value]) => ({
        labels: { run_id: runId, outcome },
        value,
      }));
    }),
  );
  metrics.readGauge('inference_model_problem', () =>
    catalogue.problems().map(({ name, runId, code }) => ({
      labels: { identifier: name, run_id: runId, code },
      value: 1,
    })),
  );
  metrics.readGauge('inference_registry_problem', () =>
    catalogue.registryProblems().map(({ name, code }) => ({ labels: { identifier: name, code }, value: 1 })),
  );
}
