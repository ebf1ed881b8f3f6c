import type { Diagnosis } from '../domain/diagnosis/index.js';
import { diagnoseBundle } from './evidence/observe-phases.js';
import { type CapacityFit, type Threshold, thresholdsOf, type Tiers, tiersOf } from '../domain/capacity/index.js';
import { fitLaw } from './judging/fit-law.js';
import { type ClosedLevel, closedLevels, degradationLevels, requiredP95Ms } from './judging/load-levels.js';
import type { Verdict } from './model.js';
import { type Readiness, readinessOf } from './judging/readiness.js';
import type { RunBundle } from './run-bundle.js';
import { verdictOf } from './judging/verdict.js';

/** What is concluded from a bundle, computed once: several sections say parts of it. */
export interface Findings {
  readonly verdict: Verdict;
  /** Why the verdict is what it is. */
  readonly verdictReasons: readonly string[];
  readonly diagnosis: Diagnosis;
  /** Levels of constant closed users, ascending. */
  readonly levels: readonly ClosedLevel[];
  /** The scalability law of the levels, or why there is none; null below two levels. */
  readonly scaling: CapacityFit | null;
  readonly tiers: Tiers | null;
  /** Null where there are no tiers. */
  readonly readiness: Readiness | null;
  /** Empty below two levels. */
  readonly thresholds: readonly Threshold[];
}

/** Pure: everything follows from the bundle. */
export function findingsOf(bundle: RunBundle): Findings {
  const { run } = bundle;
  const { verdict, reasons } = verdictOf(run);
  const levels = closedLevels(run);
  const degradation = degradationLevels(bundle, levels);
  const requiredMs = requiredP95Ms(run);
  const tiers = tiersOf(degradation, requiredMs);
  return {
    verdict,
    verdictReasons: reasons,
    diagnosis: diagnoseBundle(bundle),
    levels,
    scaling: levels.length < 2 ? null : fitLaw(bundle, levels),
    tiers,
    readiness: readinessOf(run, levels, tiers),
    thresholds: levels.length < 2 ? [] : thresholdsOf(degradation, requiredMs),
  };
}
