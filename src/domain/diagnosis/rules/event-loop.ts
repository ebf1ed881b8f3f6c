import { doubled, type Station } from '../closed-network.js';
import { CAUSE_TITLES, figure, finding, percent, type PhaseObservation } from '../observation.js';
import type { Pressure } from '../pressure.js';
import { found, type Rule } from '../rule.js';
import { predict, type SystemChange, type SystemModel } from '../system-model.js';

const ONE_CORE = 1.5;

/** Where its busy share was not measured the loop is taken as always busy. */
function withLoop(model: SystemModel): SystemModel {
  if (model.stations.loop !== undefined) return model;
  const servers = (model.phase.server.processes ?? 1) * (model.phase.server.replicas ?? 1);
  return {
    ...model,
    stations: { ...model.stations, loop: { demandMs: (servers * 1000) / model.throughputPerS, servers } },
  };
}

/**
 * Twice the loops. A loop that is held up learns late that a worker has finished: until then the worker, and the place
 * below the limit, count as taken. At best that time goes with the lag.
 */
function twice(model: SystemModel, loop: Station): { best: SystemChange; worst: SystemChange } {
  const { parts } = model.phase;
  const wider = doubled(loop);
  const worst = { stations: { loop: wider } };
  if (parts === null || !(parts.exec > 0)) return { best: worst, worst };
  const { workers, limit } = model.stations;
  const kept = (station: Station | undefined, share: number): Station | undefined =>
    station === undefined ? undefined : { ...station, demandMs: station.demandMs * share };
  const stations = {
    workers: kept(workers, parts.exec / (parts.exec + parts.lag)),
    limit: kept(limit, parts.exec / (parts.exec + parts.lag + parts.post)),
  };
  const known = Object.fromEntries(Object.entries(stations).filter(([, station]) => station !== undefined));
  return { best: { stations: { loop: wider, ...known } }, worst };
}

function evidenceOf({ server }: PhaseObservation, pressure: Pressure) {
  const { loopBusyShare, loopLagMsMax, loopLagMsMean, cpuLimitCores, activeMean, limit } = server;
  const busy =
    loopBusyShare === null
      ? null
      : finding(
          loopBusyShare,
          'loop_busy_share',
          'share',
          `the event loop was at work ${percent(loopBusyShare)} of the time`,
        );
  const lag =
    loopLagMsMean === null && loopLagMsMax === null
      ? null
      : finding(
          loopLagMsMax ?? loopLagMsMean ?? 0,
          'loop_lag_ms_max',
          'ms',
          `its lag was ${loopLagMsMean === null ? '' : `${figure(loopLagMsMean)} ms on average`}${loopLagMsMax === null ? '' : `${loopLagMsMean === null ? '' : ', '}${figure(loopLagMsMax)} ms at most`}`,
        );
  const outside =
    pressure.outsideMs === null
      ? null
      : finding(
          pressure.outsideMs,
          'outside_ms',
          'ms',
          `${figure(pressure.outsideMs)} ms of ${figure(pressure.meanMs)} ms (${percent(pressure.outsideMs / pressure.meanMs)}) passed outside the parts that the service works in${pressure.outsideGrowthMs === null ? '' : `; at least ${figure(pressure.outsideGrowthMs)} ms of it came with the load`}`,
        );
  const isOneCore = cpuLimitCores !== null && cpuLimitCores <= ONE_CORE;
  const oneCore = isOneCore
    ? finding(
        cpuLimitCores,
        'cpu_limit_cores',
        'cores',
        `${figure(cpuLimitCores)} core for the HTTP thread and all workers`,
      )
    : null;
  const idle =
    activeMean === null || limit === null || !Number.isFinite(limit) || activeMean > 0.5 * limit
      ? null
      : finding(
          activeMean,
          'active_mean',
          'requests',
          `only ${figure(activeMean)} of ${figure(limit)} requests that may be dispatched were: the others had not come that far`,
        );
  return { busy, lag, outside, oneCore, idle, isOneCore };
}

/** The one thread that takes and answers requests is held up. */
export const eventLoop: Rule = ({ phase, pressure, model }) => {
  const { loopBusyShare, loopLagMsMax, loopLagMsMean, cpuLimitCores, processes } = phase.server;
  if (loopBusyShare === null && loopLagMsMax === null && loopLagMsMean === null) return null;
  const score = pressure.loop * (1 - pressure.gcOfLoop) * (1 - 0.5 * pressure.cpuFull);
  const { busy, lag, outside, oneCore, idle, isOneCore } = evidenceOf(phase, pressure);
  const isHeld = score > 0;
  const held = model === null || !isHeld ? null : withLoop(model);
  const loop = held?.stations.loop;
  const change = held === null || loop === undefined ? null : twice(held, loop);
  const from = processes ?? 1;
  return found(
    'event_loop',
    score,
    isHeld ? { for: [lag, busy, outside, oneCore, idle], against: [] } : { for: [], against: [busy, lag] },
    held === null || change === null
      ? []
      : [
          predict(
            held,
            {
              id: 'event_loop/processes',
              remedy: `Give the service twice the event loops: ${figure(from * 2)} processes (FLTS_PROCESSES)${isOneCore ? ` with ${figure((cpuLimitCores ?? 1) * 2)} cores` : ''}, or twice the replicas.`,
              change: { name: 'FLTS_PROCESSES', from, to: from * 2 },
              assumptions: ['the work on the loop is per request, and spreads evenly over the processes'],
            },
            change.best,
            change.worst,
          ),
        ],
    isOneCore && isHeld ? `${CAUSE_TITLES.cpu} / event loop` : CAUSE_TITLES.event_loop,
  );
};
