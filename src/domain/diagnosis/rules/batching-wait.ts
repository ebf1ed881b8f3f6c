import { figure, finding, percent, ramp } from '../observation.js';
import { found, type Rule } from '../rule.js';
import { predict } from '../system-model.js';

/** Requests wait for a fuller batch while workers are free. */
export const batchingWait: Rule = ({ phase, pressure, model }) => {
  const { parts, server } = phase;
  const queueMs = parts?.queue ?? server.queueWaitMsMean;
  if (queueMs === null || pressure.workers === null || pressure.queueShare === null) return null;
  const score =
    ramp(pressure.queueShare, 0.15, 0.45) *
    (1 - ramp(pressure.workers, 0.5, 0.85)) *
    (1 - ramp(pressure.limit ?? 0, 0.6, 0.9)) *
    (1 - pressure.cpuFull) *
    (1 - pressure.loop) *
    (1 - 0.7 * pressure.swap);
  const waited = finding(
    queueMs,
    'queue_wait_ms_mean',
    'ms',
    `requests waited ${figure(queueMs)} ms for a worker (${percent(pressure.queueShare)} of the response time)`,
  );
  const workers = finding(
    pressure.workers,
    'workers_busy_share',
    'share',
    `${percent(pressure.workers)} of the workers were busy`,
  );
  const rows =
    server.batchRowsMean === null
      ? null
      : finding(server.batchRowsMean, 'batch_rows_mean', 'rows', `a batch held ${figure(server.batchRowsMean)} rows`);
  const isWaiting = score > 0;
  const station = model?.stations.workers;
  const batchRows = Math.max(1, server.batchRowsMean ?? 1);
  return found(
    'batching_wait',
    score,
    isWaiting
      ? { for: [waited, workers, rows], against: [] }
      : { for: [], against: [pressure.queueShare < 0.15 ? waited : workers] },
    model === null || !isWaiting
      ? []
      : [
          predict(
            { ...model, aloneMs: Math.max(model.aloneMs, model.meanMs) },
            {
              id: 'batching_wait/no_delay',
              remedy: 'Let a free worker take what is there at once (FLTS_MAX_QUEUE_DELAY_US=0).',
              change: { name: 'FLTS_MAX_QUEUE_DELAY_US', from: null, to: 0 },
              assumptions: ['at worst each request is then run alone, and as slowly as its batch was'],
            },
            { aloneMs: model.meanMs - queueMs },
            {
              aloneMs: model.meanMs - queueMs,
              stations:
                station === undefined
                  ? {}
                  : { workers: { ...station, demandMs: station.demandMs * Math.sqrt(batchRows) } },
            },
          ),
        ],
  );
};
