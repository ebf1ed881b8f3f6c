import {
  type CapacityFit,
  type Estimate,
  type MeasuredSystem,
  type PathAssumptions,
  planReplicas,
  type PlanTarget,
  type ReplicaPlan,
  type ScalingPath,
  scalingPaths,
} from '../../domain/capacity/index.js';
import { failureRateBound, parseRequirement } from '../../domain/stats/index.js';
import type { RunBundle } from '../run-bundle.js';
import { fitLaw } from '../judging/fit-law.js';
import { closedLevels } from '../judging/load-levels.js';
import { type DeploymentSizes, deploymentSizes } from './deployment-sizes.js';
import { type ServiceFacts, serviceFacts } from './service-facts.js';

export const PLAN_SCHEMA_VERSION = 1;

/** What is wanted, and the factors that a run does not measure. */
export interface PlanRequest {
  readonly users: number | null;
  readonly ratePerS: number | null;
  /** ms; null: twice the p95 of one user. */
  readonly p95Ms: number | null;
  /** Share of right answers (0..1); null: not asked for. */
  readonly success: number | null;
  /** Pods that shared the measured load; null: as many as answered. */
  readonly replicas: number | null;
  readonly headroom: number;
  readonly cpuSpeedup: Estimate;
  readonly gpuSpeedup: Estimate;
  readonly gpuPrice: number;
}

/** Factors of services like these, for whoever has not measured his own. */
export const PLAN_DEFAULTS = {
  headroom: 0.3,
  cpuSpeedup: { value: 1.65, lower: 1.5, upper: 1.8 },
  gpuSpeedup: { value: 14, lower: 10, upper: 20 },
  gpuPrice: 3,
} as const;

export interface Plan {
  readonly schemaVersion: typeof PLAN_SCHEMA_VERSION;
  readonly target: PlanTarget;
  /** Whether p95 was asked for, or is twice that of one user. */
  readonly isP95Asked: boolean;
  readonly success: number | null;
  readonly facts: ServiceFacts;
  readonly fit: CapacityFit;
  readonly plan: ReplicaPlan | null;
  readonly refusal: string | null;
  readonly paths: readonly ScalingPath[];
  readonly sizes: DeploymentSizes | null;
  readonly assumptions: readonly string[];
}

const P95_GROWTH = 2;
/** What a search found, where it held p95. */
function kneeOf({ run }: RunBundle): MeasuredSystem['knee'] {
  const found = run.capacity ?? null;
  if (found === null || found.rate_per_s === null || !found.confirmed) return null;
  const requirement = parseRequirement(found.requirement);
  if (typeof requirement === 'string' || requirement.figure !== 'p95') return null;
  return { ratePerS: found.rate_per_s, p95Ms: requirement.limit };
}

/** Why the success that is asked for is out of reach or not proven; null where it is proven or not asked for. */
function successDoubt(bundle: RunBundle, success: number | null): { text: string; isBroken: boolean } | null {
  if (success === null) return null;
  const levels = closedLevels(bundle.run).filter(({ requests }) => requests !== undefined);
  const requests = levels.reduce((sum, level) => sum + (level.requests ?? 0), 0);
  const failed = levels.reduce(
    (sum, level) => sum + (level.failed ?? Math.round((level.requests ?? 0) * (1 - (level.success_rate ?? 1)))),
    0,
  );
  const percent = (value: number): string => `${Number((value * 100).toPrecision(5))} %`;
  if (requests > 0 && 1 - failed / requests < success) {
    return {
      isBroken: true,
      text: `${percent(1 - failed / requests)} of the requests succeeded, less than ${percent(success)}: mend the failures first, no number of replicas does.`,
    };
  }
  const bound = failureRateBound(failed, requests);
  if (1 - bound >= success) return null;
  return {
    isBroken: false,
    text: `${failed} failures in ${requests} requests prove a success of ${percent(1 - bound)} only, not ${percent(success)}.`,
  };
}

function assumptionsOf(
  target: PlanTarget,
  facts: ServiceFacts,
  doubt: string | null,
  rateFrom: string | null,
): string[] {
  return [
    'The balancer spreads load evenly, and replicas share nothing that gets scarce: more than those that were measured is extrapolation.',
    ...(target.ratePerS === null
      ? []
      : [
          `${Math.round(target.headroom * 100)} % of the capacity stays free for uneven arrivals (--headroom).`,
          rateFrom === 'search'
            ? 'The open rate of a replica is the one that the search confirmed.'
            : 'The open rate of a replica is what closed users reach while p95 holds; a search (`flts loadtest capacity`) measures it.',
        ]),
    ...(facts.cpuSPerRequest === null ? ['CPU per request was not measured: no CPU request or limit is given.'] : []),
    ...(facts.memoryPeakBytes === null ? ['Memory was not measured: no memory request or limit is given.'] : []),
    ...(facts.modelShare === null ? ['The share of the model was not measured: nothing is said of a GPU.'] : []),
    ...(doubt === null ? [] : [doubt]),
  ];
}

/** Plans more of the measured service for a target; pure. Refuses, with a sentence, where the model does not carry it. */
export function buildPlan(bundle: RunBundle, request: PlanRequest): Plan {
  const said = serviceFacts(bundle);
  const facts = { ...said, replicas: request.replicas ?? said.replicas };
  const fit = fitLaw(bundle, closedLevels(bundle.run));
  const lowest = fit.model?.levels[0]?.p95Ms ?? null;
  const p95Ms = request.p95Ms ?? (lowest === null ? 0 : P95_GROWTH * lowest);
  const { users, ratePerS, headroom, success } = request;
  const target: PlanTarget = { users, ratePerS, p95Ms, headroom };
  const doubt = successDoubt(bundle, success);
  const base = {
    schemaVersion: PLAN_SCHEMA_VERSION,
    target,
    isP95Asked: request.p95Ms !== null,
    success,
    facts,
    fit,
  } as const;
  const refused = (refusal: string): Plan => ({
    ...base,
    plan: null,
    refusal,
    paths: [],
    sizes: null,
    assumptions: [],
  });
  if (fit.model === null) return refused(fit.refusal);
  if (bundle.run.validity?.valid === false) {
    return refused('The run is INVALID: its figures cannot be trusted, so nothing is planned from them.');
  }
  if (doubt?.isBroken === true) return refused(doubt.text);
  const system: MeasuredSystem = { model: fit.model, replicas: facts.replicas, knee: kneeOf(bundle) };
  const { plan, refusal } = planReplicas(system, target);
  const assumed: PathAssumptions = {
    speedupPerCpuDoubling: request.cpuSpeedup,
    gpuModelSpeedup: request.gpuSpeedup,
    gpuPrice: request.gpuPrice,
    modelShare: facts.modelShare,
  };
  return {
    ...base,
    plan,
    refusal,
    // Where p95 cannot be predicted no way can be judged.
    paths: system.model.p95Error === null ? [] : scalingPaths(system, target, assumed),
    sizes: plan === null ? null : deploymentSizes(plan, target, facts),
    assumptions: assumptionsOf(target, facts, doubt?.text ?? null, plan?.rateFrom ?? null),
  };
}
