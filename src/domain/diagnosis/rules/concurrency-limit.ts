import { figure, finding, percent, ramp } from '../observation.js';
import { found, type Rule } from '../rule.js';
import { predict, predictNothing } from '../system-model.js';

/** Below this share of the limit in use, on average, nobody waits for it. */
const IN_USE = 0.8;

/** Requests wait because no more of them may be dispatched, while there is room for their work. */
export const concurrencyLimit: Rule = ({ phase, pressure, model }) => {
  const { limit, activeMean, queueLengthMean } = phase.server;
  if (limit === null || activeMean === null) return null;
  const inUse = pressure.limit ?? 0;
  const isFull = Number.isFinite(limit) && inUse >= IN_USE;
  const score =
    ramp(inUse, IN_USE, 0.97) *
    ramp(pressure.queueShare ?? 0, 0.05, 0.3) *
    (1 - pressure.cpuFull) *
    (1 - pressure.loop);
  const active = finding(
    activeMean,
    'active_mean',
    'requests',
    Number.isFinite(limit)
      ? `${figure(activeMean)} of ${figure(limit)} requests that may be dispatched were under way on average (${percent(inUse)})`
      : `no limit is set; ${figure(activeMean)} requests were dispatched on average`,
  );
  const queue =
    queueLengthMean === null
      ? null
      : finding(queueLengthMean, 'queue_length_mean', 'requests', `${figure(queueLengthMean)} waited in the queue`);
  const cpu =
    pressure.cpu === null
      ? null
      : finding(pressure.cpu, 'cpu_share', 'share', `the CPU was used to ${percent(pressure.cpu)} of its limit`);
  const predictions = [];
  if (model !== null && Number.isFinite(limit)) {
    const to = limit * 2;
    const head = {
      id: 'concurrency_limit/raise',
      remedy: `Raise the concurrency limit from ${figure(limit)} to ${figure(to)} (PREDICT_MAX_CONCURRENCY).`,
      change: { name: 'PREDICT_MAX_CONCURRENCY', from: limit, to },
      assumptions: [
        isFull
          ? 'one request takes as long in the workers when more of them run'
          : 'requests do not wait for a limit that is not reached',
      ],
    };
    const station = model.stations.limit;
    predictions.push(
      isFull && station !== undefined
        ? predict(model, head, { stations: { limit: { ...station, servers: station.servers * 2 } } })
        : predictNothing(model, head),
    );
  }
  return found(
    'concurrency_limit',
    score,
    isFull
      ? { for: [active, queue, pressure.cpuFull < 0.5 ? cpu : null], against: [pressure.cpuFull < 0.5 ? null : cpu] }
      : { for: [], against: [active] },
    predictions,
  );
};
