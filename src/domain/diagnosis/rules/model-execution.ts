import { figure, finding, percent, type Prediction, ramp } from '../observation.js';
import { found, type Rule, type RuleInput } from '../rule.js';
import { predict, type SystemChange, type SystemModel } from '../system-model.js';

/** CPU that worker threads would need beyond what is used, for twice as many to help. */
const ROOM_SHARE = 0.6;

function halved(model: SystemModel, execMs: number): SystemChange {
  const { workers, cpu, limit } = model.stations;
  const saved = workers === undefined ? 0 : workers.demandMs / 2;
  return {
    aloneMs: Math.max(model.aloneMs / 2, model.aloneMs - execMs / 2),
    stations: {
      ...(workers === undefined ? {} : { workers: { ...workers, demandMs: saved } }),
      ...(cpu === undefined ? {} : { cpu: { ...cpu, demandMs: Math.max(cpu.demandMs / 2, cpu.demandMs - saved) } }),
      ...(limit === undefined ? {} : { limit: { ...limit, demandMs: limit.demandMs / 2 } }),
    },
  };
}

function remedies({ phase, low, pressure }: RuleInput, model: SystemModel, execMs: number): Prediction[] {
  const { server } = phase;
  const predictions: Prediction[] = [];
  const lowExecMs = low.parts?.exec ?? execMs;
  predictions.push(
    predict(
      model,
      {
        id: 'model_execution/halve',
        remedy: 'Halve the time in the model: a smaller or quantised model, or a faster device.',
        change: { name: 'exec_ms_mean', from: execMs, to: execMs / 2 },
        assumptions: ['the time in the model is CPU time of the workers'],
      },
      halved(model, Math.min(execMs, lowExecMs)),
    ),
  );
  const { workers } = model.stations;
  const room = pressure.cpu !== null && pressure.cpu < ROOM_SHARE;
  if (workers !== undefined && room && server.workers !== null) {
    predictions.push(
      predict(
        model,
        {
          id: 'model_execution/workers',
          remedy: `Run ${figure(server.workers * 2)} workers instead of ${figure(server.workers)} (FLTS_WORKERS): the CPU has room.`,
          change: { name: 'FLTS_WORKERS', from: server.workers, to: server.workers * 2 },
          assumptions: ['each further worker finds a core of its own'],
        },
        { stations: { workers: { ...workers, servers: workers.servers * 2 } } },
        {
          stations: { workers: { servers: workers.servers * 2, demandMs: workers.demandMs * 1.5 } },
        },
      ),
    );
  }
  return predictions;
}

/** The workers are always in the model. */
export const modelExecution: Rule = (input) => {
  const { phase, pressure, model } = input;
  const { parts, server } = phase;
  const execMs = parts?.exec ?? server.execMsMean;
  if (execMs === null || pressure.workers === null) return null;
  const inModel = (pressure.execShare ?? 0) + (pressure.queueShare ?? 0);
  const score =
    ramp(pressure.workers, 0.7, 0.92) *
    ramp(inModel, 0.2, 0.6) *
    (1 - 0.5 * pressure.cpuFull) *
    (1 - pressure.loop * 0.5) *
    (1 - ramp(pressure.limit ?? 0, 0.9, 1) * (pressure.workers > 0.95 ? 0 : 0.5));
  const busy = finding(
    pressure.workers,
    'workers_busy_share',
    'share',
    `the workers were in the model ${percent(pressure.workers)} of the time`,
  );
  const exec = finding(
    execMs,
    'exec_ms_mean',
    'ms',
    `one request spends ${figure(execMs)} ms in the model${server.batchRowsMean === null ? '' : ` in batches of ${figure(server.batchRowsMean)} rows`}`,
  );
  const queue =
    pressure.queueShare === null
      ? null
      : finding(
          pressure.queueShare,
          'queue_share',
          'share',
          `${percent(pressure.queueShare)} of the response time is waiting for a worker`,
        );
  const isBusy = score > 0;
  const predictions = model === null || !isBusy ? [] : remedies(input, model, execMs);
  return found(
    'model_execution',
    score,
    isBusy ? { for: [busy, exec, queue], against: [] } : { for: [], against: [busy] },
    predictions,
  );
};
