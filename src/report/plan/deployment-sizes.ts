import type { PlanTarget, ReplicaPlan } from '../../domain/capacity/index.js';
import type { ServiceFacts } from './service-facts.js';

/** A number for a manifest, and the figure that it came from. */
export interface Sized<T = number> {
  readonly value: T;
  readonly from: string;
}

/** What to write into a deployment; null where nothing was measured to say it. */
export interface DeploymentSizes {
  readonly replicas: Sized;
  readonly minReplicas: Sized;
  readonly maxReplicas: Sized;
  /** Inference threads of each process. */
  readonly workers: Sized | null;
  readonly processes: Sized | null;
  readonly concurrencyLimit: Sized | null;
  readonly queueLength: Sized;
  /** Millicores. */
  readonly cpuRequestMilli: Sized | null;
  readonly cpuLimitMilli: Sized | null;
  readonly memoryRequestMib: Sized | null;
  readonly memoryLimitMib: Sized | null;
  /** Percent of the CPU request. */
  readonly cpuUtilization: Sized;
  /** ms. */
  readonly queueWaitMsP95: Sized;
  readonly inFlightPerReplica: Sized;
}

/** Share of its CPU request that a replica uses at the planned load: what an autoscaler aims at. */
const UTILIZATION = 0.7;
/** A pod may fail while the others serve. */
const REPLICAS_MIN = 2;
const REPLICAS_GROWTH = 1.5;
const MEMORY_REQUEST = 1.2;
const MEMORY_LIMIT = 1.5;
const MIB = 1024 * 1024;
const MILLI_STEP = 50;
const MIB_STEP = 64;
/** LOADLAB's threshold: from this share of the response time on, waiting is what is slow. */
const QUEUE_SHARE = 0.25;

const AS_MEASURED = 'as measured: the figures are those of this setting';

const upTo = (value: number, step: number): number => Math.ceil(value / step - 1e-9) * step;

function cpuSizes(plan: ReplicaPlan, facts: ServiceFacts) {
  const { cpuSPerRequest, cpuLimitCores, workers } = facts;
  if (cpuSPerRequest === null) return { cpuRequestMilli: null, cpuLimitMilli: null };
  const perS = plan.throughputPerS.upper / plan.replicas;
  const cores = cpuSPerRequest * perS;
  const request = Math.max(MILLI_STEP, upTo((cores / UTILIZATION) * 1000, MILLI_STEP));
  const from = `${(cpuSPerRequest * 1000).toPrecision(3)} ms of CPU per request (measured) × ${perS.toPrecision(4)}/s = ${cores.toPrecision(3)} cores, ${UTILIZATION * 100} % of the request`;
  const threads = (workers ?? 1) > 1 ? (workers ?? 1) : 1;
  const limit = Math.max(request, (cpuLimitCores ?? 0) * 1000, threads * 1000, upTo(request, 1000));
  return {
    cpuRequestMilli: { value: request, from },
    cpuLimitMilli: {
      value: limit,
      from:
        cpuLimitCores !== null && cpuLimitCores * 1000 === limit
          ? 'the limit that was measured'
          : `whole cores above the request, one at least for each of ${threads} inference ${threads === 1 ? 'thread' : 'threads'}`,
    },
  };
}

function memorySizes({ memoryPeakBytes }: ServiceFacts) {
  if (memoryPeakBytes === null) return { memoryRequestMib: null, memoryLimitMib: null };
  const peak = memoryPeakBytes / MIB;
  const from = (factor: number): string => `${factor} × the ${Math.round(peak)} MiB resident at most (measured)`;
  return {
    memoryRequestMib: { value: upTo(peak * MEMORY_REQUEST, MIB_STEP), from: from(MEMORY_REQUEST) },
    memoryLimitMib: { value: upTo(peak * MEMORY_LIMIT, MIB_STEP), from: from(MEMORY_LIMIT) },
  };
}

/** The numbers of a deployment that carries the plan. */
export function deploymentSizes(plan: ReplicaPlan, target: PlanTarget, facts: ServiceFacts): DeploymentSizes {
  const { replicas, perReplica } = plan;
  const p95 = `p95 ≤ ${target.p95Ms.toPrecision(4)} ms`;
  const usersFrom = `${perReplica.users.toFixed(1)} users on each keep ${p95}`;
  const wanted = [
    ...(target.users === null ? [] : [`${target.users} users`]),
    ...(target.ratePerS === null ? [] : [`${target.ratePerS} requests/s`]),
  ].join(' and ');
  const perS = perReplica.ratePerS.lower;
  const inFlight = Math.max(1, Math.floor(perReplica.users));
  return {
    replicas: { value: replicas, from: `${wanted} at ${p95}: ${usersFrom}` },
    minReplicas: {
      value: Math.max(REPLICAS_MIN, Math.ceil(replicas / 2)),
      from: `half of the ${replicas} that the target takes, at least ${REPLICAS_MIN} so that one may fail`,
    },
    maxReplicas: {
      value: Math.max(REPLICAS_MIN + 1, Math.ceil(replicas * REPLICAS_GROWTH)),
      from: `${REPLICAS_GROWTH} × the ${replicas} that the target takes`,
    },
    workers:
      facts.workers === null
        ? null
        : { value: Math.max(1, Math.round(facts.workers / (facts.processes ?? 1))), from: AS_MEASURED },
    processes: facts.processes === null ? null : { value: facts.processes, from: AS_MEASURED },
    concurrencyLimit: facts.concurrencyLimit === null ? null : { value: facts.concurrencyLimit, from: AS_MEASURED },
    queueLength: {
      value: Math.max(1, Math.ceil((perS * target.p95Ms) / 1000)),
      from: `what ${perS.toPrecision(4)}/s work off within ${target.p95Ms.toPrecision(4)} ms: who waits behind more is late`,
    },
    ...cpuSizes(plan, facts),
    ...memorySizes(facts),
    cpuUtilization: {
      value: UTILIZATION * 100,
      from: 'the CPU request is made so that the planned load takes that share of it',
    },
    queueWaitMsP95: {
      value: Math.max(1, Math.round(target.p95Ms * QUEUE_SHARE)),
      from: `${QUEUE_SHARE * 100} % of ${p95}: beyond it waiting is what is slow`,
    },
    inFlightPerReplica: { value: inFlight, from: usersFrom },
  };
}
