import { type PhaseObservation, ramp } from './observation.js';

/** Loop lag from here on is evidence of a held-up loop: mean and maximum, ms. */
const LAG_MEAN_MS = 10;
const LAG_MAX_MS = 50;
/** A busy share from here on is, too. */
const BUSY_SHARE = 0.7;

/** How hard each part of the system is pressed in the judged phase; shares 0..1, null = not measured. */
export interface Pressure {
  readonly meanMs: number;
  /** Utilisation of the limit on dispatched requests, of the workers, of the CPU. */
  readonly limit: number | null;
  readonly workers: number | null;
  readonly cpu: number | null;
  /** Shares of the mean response time. */
  readonly queueShare: number | null;
  readonly execShare: number | null;
  readonly lateShare: number | null;
  /** Time outside the parts in which the service works on the request, ms: waiting to be taken up, network, lag. */
  readonly outsideMs: number | null;
  /** How much of it came with the load. */
  readonly outsideGrowthMs: number | null;
  /** 0..1: the HTTP thread holds requests up; garbage collection not counted. */
  readonly loop: number;
  /** 0..1: the CPU is used up. */
  readonly cpuFull: number;
  /** Share of the loop's busy time that is garbage collection. */
  readonly gcOfLoop: number;
  /** 0..1: slower than a phase of the same load without a change of the model. */
  readonly swap: number;
}

const ratio = (a: number | null, b: number | null): number | null =>
  a === null || b === null || !(b > 0) ? null : a / b;

function outsideMs({ parts }: PhaseObservation): number | null {
  return parts === null || parts.unsplit > 0 ? null : parts['client+network'] + parts.recv + parts.lag + parts.other;
}

/** Whether `low` is another phase of the same load: then what differs is not the load's doing. */
export function isSameLoad(phase: PhaseObservation, low: PhaseObservation): boolean {
  return low !== phase && low.users === phase.users && low.ratePerS === phase.ratePerS;
}

function swapPressure(phase: PhaseObservation, low: PhaseObservation): number {
  const swaps = (phase.server.modelSwaps ?? 0) - (low.server.modelSwaps ?? 0);
  return isSameLoad(phase, low) && swaps > 0 ? ramp(ratio(phase.meanMs, low.meanMs), 1.1, 1.5) : 0;
}

/** `low`: the measured phase of the least load, or the judged one itself. */
export function pressureOf(phase: PhaseObservation, low: PhaseObservation): Pressure {
  const { server, parts } = phase;
  const meanMs = phase.meanMs ?? 0;
  const outside = outsideMs(phase);
  const lowOutside = low === phase ? null : (outsideMs(low) ?? low.meanMs);
  const growth = outside === null || lowOutside === null ? null : Math.max(0, outside - lowOutside);
  const gc = server.gcShare ?? 0;
  const busy = server.loopBusyShare;
  const hasLag =
    (server.loopLagMsMean ?? 0) >= LAG_MEAN_MS || (server.loopLagMsMax ?? 0) >= LAG_MAX_MS || (busy ?? 0) >= BUSY_SHARE;
  const isIdle = busy !== null && busy < 0.5 && (server.loopLagMsMean ?? 0) < LAG_MEAN_MS / 2;
  const held = Math.max(
    ramp(busy, 0.75, 0.95),
    hasLag ? ramp(ratio(growth ?? outside, meanMs), 0.2, 0.6) : 0,
    ramp(server.loopLagMsMean, LAG_MEAN_MS, 5 * LAG_MEAN_MS) * ramp(ratio(outside, meanMs), 0.1, 0.4),
  );
  const gcOfLoop = busy === null ? ramp(gc, 0.05, 0.4) : Math.min(1, gc / Math.max(busy, gc, 1e-9));
  return {
    meanMs,
    limit: ratio(server.activeMean, server.limit),
    workers: ratio(server.workersBusyMean, server.workers),
    cpu: ratio(server.cpuCoresMean, server.cpuLimitCores),
    queueShare: ratio(parts?.queue ?? server.queueWaitMsMean, meanMs),
    execShare: ratio(parts?.exec ?? server.execMsMean, meanMs),
    lateShare: ratio(phase.lateMs, meanMs),
    outsideMs: outside,
    outsideGrowthMs: growth,
    loop: isIdle ? 0 : held,
    cpuFull: Math.max(
      ramp(ratio(server.cpuCoresMean, server.cpuLimitCores), 0.75, 0.95),
      ramp(server.cpuThrottledShare, 0.1, 0.4),
    ),
    gcOfLoop,
    swap: swapPressure(phase, low),
  };
}
