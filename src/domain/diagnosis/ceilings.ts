import { figure, type PhaseObservation } from './observation.js';

/** A bound on throughput, and how much of it was reached. */
export interface Ceiling {
  readonly name: string;
  /** How it was calculated, with its figures. */
  readonly calculation: string;
  readonly perS: number;
  readonly reachedShare: number;
}

/**
 * The most that each part of the system could carry, from what one request takes of it: servers / time per request
 * (utilisation law). The lowest is what throughput cannot exceed.
 */
export function ceilingsOf(phase: PhaseObservation, low: PhaseObservation): Ceiling[] {
  const { server, throughputPerS, users, thinkMs } = phase;
  if (throughputPerS === null || !(throughputPerS > 0)) return [];
  const replicas = server.replicas ?? 1;
  const of = replicas === 1 ? '' : `${figure(replicas)} replicas × `;
  const ceilings: (Omit<Ceiling, 'reachedShare'> | null)[] = [];
  const execMs = phase.parts?.exec ?? server.execMsMean;
  const { limit, workers, workersBusyMean, cpuCoresMean, cpuLimitCores, loopBusyShare } = server;
  if (limit !== null && Number.isFinite(limit) && execMs !== null && execMs > 0) {
    ceilings.push({
      name: 'Concurrency limit',
      calculation: `${of}${figure(limit)} at once / ${figure(execMs)} ms each in the model`,
      perS: (replicas * limit * 1000) / execMs,
    });
  }
  const used = (name: string, unit: string, inUse: number | null, most: number | null): void => {
    if (inUse === null || most === null || !(inUse > 0) || !(most > 0)) return;
    const eachMs = (inUse * replicas * 1000) / throughputPerS;
    ceilings.push({
      name,
      calculation: `${of}${figure(most)} ${unit} / ${figure(eachMs)} ms of it per request`,
      perS: (replicas * most * 1000) / eachMs,
    });
  };
  used('Workers', 'workers', workersBusyMean, workers);
  used('CPU', 'cores', cpuCoresMean, cpuLimitCores);
  const processes = server.processes ?? 1;
  used(
    'Event loop',
    processes === 1 ? 'event loop' : 'event loops',
    loopBusyShare === null ? null : loopBusyShare * processes,
    processes,
  );
  if (users !== null && low.meanMs !== null && low !== phase && low.meanMs > 0) {
    ceilings.push({
      name: 'Users',
      calculation: `${figure(users)} users / ${figure(low.meanMs + thinkMs)} ms, the response time of the least load and the pause`,
      perS: (users * 1000) / (low.meanMs + thinkMs),
    });
  }
  return ceilings
    .filter((ceiling) => ceiling !== null)
    .map((ceiling) => ({ ...ceiling, reachedShare: throughputPerS / ceiling.perS }))
    .sort((a, b) => a.perS - b.perS);
}
