import { figure, finding, percent } from '../observation.js';
import { found, type Rule } from '../rule.js';
import { predict, type SystemChange, type SystemModel } from '../system-model.js';

/** With at most so many cores all threads share one. */
const ONE_CORE = 1.5;

/** Twice the cores: at worst only the CPU itself goes faster, at best all that waited for it does. */
function twice(model: SystemModel): { best: SystemChange; worst: SystemChange } {
  const { cpu, workers, loop, limit } = model.stations;
  const half = <T extends { demandMs: number }>(station: T | undefined) =>
    station === undefined ? undefined : { ...station, demandMs: station.demandMs / 2 };
  const known = (stations: Record<string, unknown>): SystemChange['stations'] =>
    Object.fromEntries(Object.entries(stations).filter(([, value]) => value !== undefined));
  const wider = cpu === undefined ? undefined : { ...cpu, servers: cpu.servers * 2 };
  return {
    best: {
      aloneMs: model.aloneMs / 2,
      stations: known({ cpu: wider, workers: half(workers), loop: half(loop), limit: half(limit) }) ?? {},
    },
    worst: { stations: known({ cpu: wider }) ?? {} },
  };
}

/** The process or its control group has used up the CPU that it may use. */
export const cpu: Rule = ({ phase, pressure, model }) => {
  const { cpuCoresMean, cpuLimitCores, cpuThrottledShare, loopLagMsMax } = phase.server;
  if (cpuLimitCores === null && cpuThrottledShare === null) return null;
  const isOneCore = cpuLimitCores !== null && cpuLimitCores <= ONE_CORE;
  // Without a measured use, a loop that is held up on one core speaks for it, but proves nothing.
  const inferred = cpuCoresMean === null && isOneCore ? 0.8 * pressure.loop : 0;
  const used =
    cpuCoresMean === null || cpuLimitCores === null || pressure.cpu === null
      ? null
      : finding(
          cpuCoresMean,
          'cpu_cores_mean',
          'cores',
          `${figure(cpuCoresMean)} of ${figure(cpuLimitCores)} cores were used (${percent(pressure.cpu)})`,
        );
  const throttled =
    cpuThrottledShare === null
      ? null
      : finding(
          cpuThrottledShare,
          'cpu_throttled_share',
          'share',
          `the control group was held back in ${percent(cpuThrottledShare)} of its periods`,
        );
  const oneCore =
    inferred === 0 || cpuLimitCores === null
      ? null
      : finding(
          cpuLimitCores,
          'cpu_limit_cores',
          'cores',
          `${figure(cpuLimitCores)} core for the HTTP thread and all workers, with a loop lag of up to ${figure(loopLagMsMax ?? 0)} ms; its use was not measured`,
        );
  const isFull = pressure.cpuFull >= 0.5;
  const full = model === null ? null : withCpu(model);
  const change = full === null ? null : twice(full);
  const to = cpuLimitCores === null ? null : cpuLimitCores * 2;
  return found(
    'cpu',
    Math.max(pressure.cpuFull, inferred),
    {
      for: [isFull ? used : null, (cpuThrottledShare ?? 0) > 0.1 ? throttled : null, oneCore],
      against: [isFull ? null : used, (cpuThrottledShare ?? 1) <= 0.1 ? throttled : null],
    },
    full === null || change === null || Math.max(pressure.cpuFull, inferred) === 0
      ? []
      : [
          predict(
            full,
            {
              id: 'cpu/double',
              remedy: `Double the CPU of each replica${to === null ? '' : ` to ${figure(to)} cores`} (resources.limits.cpu), or the replicas.`,
              change: { name: 'resources.limits.cpu', from: cpuLimitCores, to },
              assumptions: [
                'at best all that waited for the CPU goes twice as fast, at worst only what was measured of the CPU does',
              ],
            },
            change.best,
            cpuCoresMean === null ? {} : change.worst,
          ),
        ],
  );
};

/** Where the use of the CPU was not measured it is taken as used up. */
function withCpu(model: SystemModel): SystemModel {
  const { cpuLimitCores, replicas } = model.phase.server;
  if (model.stations.cpu !== undefined || cpuLimitCores === null) return model;
  const servers = cpuLimitCores * (replicas ?? 1);
  return {
    ...model,
    stations: { ...model.stations, cpu: { demandMs: (servers * 1000) / model.throughputPerS, servers } },
  };
}
