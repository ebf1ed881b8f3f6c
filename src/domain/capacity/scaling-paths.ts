import type { Estimate } from './capacity-model.js';
import {
  AS_MEASURED,
  type MeasuredSystem,
  planReplicas,
  type PlanTarget,
  serviceAt,
  type Speed,
} from './replica-plan.js';

export type PathName = 'today' | 'horizontal' | 'vertical' | 'both' | 'gpu';

/** Factors that this run did not measure. */
export interface PathAssumptions {
  /** Throughput of a replica with twice the CPU over that with its own. */
  readonly speedupPerCpuDoubling: Estimate;
  /** How many times as fast a GPU runs the model. */
  readonly gpuModelSpeedup: Estimate;
  /** Price of a replica with a GPU over one without. */
  readonly gpuPrice: number;
  /** Share of a lone request's time that is spent in the model (measured); null where unknown. */
  readonly modelShare: number | null;
}

/** One way to the target. */
export interface ScalingPath {
  readonly name: PathName;
  readonly replicas: number;
  /** CPU of a replica over what it had. */
  readonly cpuFactor: number;
  /** Null where the model does not reach so far. */
  readonly throughputPerS: Estimate | null;
  readonly p95Ms: Estimate | null;
  /** Price over that of the measured configuration. */
  readonly cost: number;
  readonly complexity: 'none' | 'low' | 'medium';
  /** Whether the target is kept at the cautious end of the intervals. */
  readonly isEnough: boolean;
  /** Which of its figures rest on a factor that was not measured. */
  readonly rests: 'measured' | 'cpu' | 'gpu';
  /** Why it does not lead there; null where it does. */
  readonly refusal: string | null;
}

const CPU_FACTORS = [2, 4, 8] as const;

/** s^(log₂ factor) at each end. */
function cpuSpeed({ value, lower, upper }: Estimate, factor: number): Speed {
  const doublings = Math.log2(factor);
  return { value: value ** doublings, lower: lower ** doublings, upper: upper ** doublings };
}

/** Amdahl's law: only the model's share of the time shrinks. */
export function gpuSpeed(modelShare: number, { value, lower, upper }: Estimate): Speed {
  const whole = (faster: number): number => 1 / (1 - modelShare + modelShare / faster);
  return { value: whole(value), lower: whole(lower), upper: whole(upper) };
}

function fixedPath(
  system: MeasuredSystem,
  target: PlanTarget,
  base: Pick<ScalingPath, 'name' | 'cpuFactor' | 'complexity' | 'rests'>,
  speed: Speed,
): ScalingPath {
  const at = serviceAt(system, target, system.replicas, speed);
  // Users past the peak may still be answered in time; a rate needs its headroom.
  const isRateKept =
    target.ratePerS === null ||
    (planReplicas(system, { ...target, users: null }, speed).plan?.replicas ?? Number.POSITIVE_INFINITY) <=
      system.replicas;
  const isEnough = at !== null && at.p95Ms.upper <= target.p95Ms && isRateKept;
  return {
    ...base,
    replicas: system.replicas,
    throughputPerS: at?.throughputPerS ?? null,
    p95Ms: at?.p95Ms ?? null,
    cost: base.cpuFactor,
    isEnough,
    refusal: isEnough ? null : at === null ? 'beyond twice the users that were measured' : 'does not keep the target',
  };
}

function plannedPath(
  system: MeasuredSystem,
  target: PlanTarget,
  base: Pick<ScalingPath, 'name' | 'cpuFactor' | 'complexity' | 'rests'>,
  speed: Speed,
  price: number,
): ScalingPath {
  const { plan, refusal } = planReplicas(system, target, speed);
  const replicas = plan?.replicas ?? system.replicas;
  return {
    ...base,
    replicas,
    throughputPerS: plan?.throughputPerS ?? null,
    p95Ms: plan?.p95Ms ?? null,
    cost: (replicas * price) / system.replicas,
    isEnough: plan !== null,
    refusal,
  };
}

/**
 * The ways from the measured configuration to a target: as it is, more replicas, larger ones (the smallest of 2, 4, 8
 * times the CPU that is enough), more replicas of twice the CPU, replicas with a GPU.
 */
export function scalingPaths(system: MeasuredSystem, target: PlanTarget, assumed: PathAssumptions): ScalingPath[] {
  const { speedupPerCpuDoubling: perDoubling, gpuModelSpeedup, gpuPrice, modelShare } = assumed;
  const vertical = CPU_FACTORS.map((cpuFactor) =>
    fixedPath(
      system,
      target,
      { name: 'vertical', cpuFactor, complexity: 'low', rests: 'cpu' },
      cpuSpeed(perDoubling, cpuFactor),
    ),
  );
  const measured = { cpuFactor: 1, rests: 'measured' } as const;
  const largest = vertical.at(-1);
  const enough = vertical.find((path) => path.isEnough) ?? largest;
  return [
    fixedPath(system, target, { ...measured, name: 'today', complexity: 'none' }, AS_MEASURED),
    plannedPath(system, target, { ...measured, name: 'horizontal', complexity: 'low' }, AS_MEASURED, 1),
    ...(enough === undefined ? [] : [enough]),
    plannedPath(
      system,
      target,
      { name: 'both', cpuFactor: 2, complexity: 'low', rests: 'cpu' },
      cpuSpeed(perDoubling, 2),
      2,
    ),
    ...(modelShare === null
      ? []
      : [
          plannedPath(
            system,
            target,
            { name: 'gpu', cpuFactor: 1, complexity: 'medium', rests: 'gpu' },
            gpuSpeed(modelShare, gpuModelSpeedup),
            gpuPrice,
          ),
        ]),
  ];
}
