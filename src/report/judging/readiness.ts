import type { Run, RunPhase } from '../../contract/index.js';
import type { Tiers } from '../../domain/capacity/index.js';
import { answersOf } from '../run-bundle.js';
import type { ClosedLevel } from './load-levels.js';

/** Without a required success rate, so much must be answered rightly. */
const SUCCESS_MIN = 0.999;

/** What one level says of whether the service is fit for it. */
export interface LevelReadiness {
  readonly level: ClosedLevel;
  /** p95 with its whole interval within the limit, here and at every lower level. */
  readonly isFastEnough: boolean;
  readonly isRightEnough: boolean;
}

/** Whether the service is fit for use, up to which load, held against which limits. */
export interface Readiness {
  readonly levels: readonly LevelReadiness[];
  /** The highest level that is fit, as all below it are; null: none is. */
  readonly fitLevel: ClosedLevel | null;
  readonly p95LimitMs: number;
  /** Whether the limit of p95 was required, or is twice the p95 of the lowest level. */
  readonly isP95Required: boolean;
  readonly successMin: number;
  readonly isSuccessRequired: boolean;
}

/** The strictest required success rate, 0..1; null without one. */
function requiredSuccess(run: Run): number | null {
  const limits = (run.requirements ?? []).flatMap(({ figure, op, limit }) =>
    figure === 'success' && op.startsWith('>') ? [limit] : [],
  );
  return limits.length === 0 ? null : Math.max(...limits);
}

function isRight(level: RunPhase, successMin: number): boolean {
  return (answersOf(level) ?? 0) > 0 && (level.success_rate ?? 0) >= successMin;
}

/** Readiness by levels of closed users; null where tiers cannot be told apart. */
export function readinessOf(run: Run, levels: readonly ClosedLevel[], tiers: Tiers | null): Readiness | null {
  if (tiers === null) return null;
  const required = requiredSuccess(run);
  const successMin = required ?? SUCCESS_MIN;
  const fastUpTo = tiers.ranges.find(({ tier }) => tier === 1)?.toUsers ?? 0;
  const judged = levels.map((level) => ({
    level,
    isFastEnough: level.users <= fastUpTo,
    isRightEnough: isRight(level, successMin),
  }));
  const firstUnfit = judged.findIndex(({ isFastEnough, isRightEnough }) => !isFastEnough || !isRightEnough);
  const fit = firstUnfit < 0 ? judged.at(-1) : judged[firstUnfit - 1];
  return {
    levels: judged,
    fitLevel: fit?.level ?? null,
    p95LimitMs: tiers.limitMs,
    isP95Required: tiers.isRequired,
    successMin,
    isSuccessRequired: required !== null,
  };
}

/**
 * What people can use a service of that p95 for: up to 0.1 s an answer feels instant, up to 1 s a train of thought goes
 * on, up to 10 s attention stays. Source: Nielsen, "Usability Engineering" (1993), ch. 5.
 */
export function useOf(p95Ms: number): string {
  if (p95Ms <= 100) return 'feels instant to a person';
  if (p95Ms <= 1_000) return 'interactive: a train of thought goes on';
  if (p95Ms <= 10_000) return 'a person waits, attention stays';
  return 'work in the background only';
}
