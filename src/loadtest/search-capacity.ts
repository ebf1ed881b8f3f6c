import type { RunCapacity, RunPhase, ScenarioSearch } from '../contract/index.js';
import { type KneeStep, nextKneeStep } from '../domain/capacity/index.js';
import { parseRequirement, phaseInvalidReasons, type Requirement } from '../domain/stats/index.js';
import { requirementResults } from './assemble-run.js';
import type { DrivenPhase } from './drive-phases.js';
import { phaseEvidence, phaseFigures } from './record/phase-figures.js';
import { SEARCH_DEFAULTS } from './scenario/presets.js';

/** Without a requirement: p95 may be so many times that of the lowest level. */
const P95_GROWTH = 2;
/** Where the search begins, as a share of what closed users reached. */
const START_SHARE = 0.5;

/** What the searched rate must keep: what the scenario says, else twice the p95 of the lowest level; null = unknown. */
export function searchRequirement(search: ScenarioSearch, levels: readonly RunPhase[]): Requirement | null {
  if (search.require !== undefined) {
    const parsed = parseRequirement(search.require);
    return typeof parsed === 'string' ? null : parsed;
  }
  const lowest = levels.find((phase) => phase.kind !== 'warmup' && (phase.p95_ms ?? null) !== null)?.p95_ms;
  if (lowest === undefined || lowest === null) return null;
  const parsed = parseRequirement(`p95<=${(P95_GROWTH * lowest).toPrecision(4)}ms`);
  return typeof parsed === 'string' ? null : parsed;
}

const rounded = (rate: number): number => Number(rate.toPrecision(4));

/** Whether a step kept the requirement, broke it, or says nothing because the instrument gave out. */
function outcomeOf(driven: DrivenPhase, requirement: Requirement, seed: number): KneeStep['outcome'] {
  const { recorder, generators } = driven;
  const figures = phaseFigures(recorder, { generators, seed, objective: null, rss: [], steadyPhases: 1 });
  const evidence = phaseEvidence(recorder, figures, generators);
  if (recorder.wasCut || phaseInvalidReasons(evidence).length > 0) return 'invalid';
  const [result] = requirementResults([{ ...requirement, phase: null }], [{ ...figures, kind: 'custom' }], null);
  if (result?.outcome !== 'not_met') return 'kept';
  // What the generator's own lag carries is no verdict on the service.
  return figures.percentiles?.[requirement.figure]?.supported === false ? 'invalid' : 'broken';
}

/**
 * Searches for the largest rate that keeps the requirement, driving open steps one after another. `levels` are the
 * closed phases before. Null where there is nothing to begin with.
 */
export async function searchCapacity(options: {
  readonly search: ScenarioSearch;
  readonly levels: readonly RunPhase[];
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly drive: (name: string, rate: number, seconds: number) => Promise<DrivenPhase>;
}): Promise<RunCapacity | null> {
  const { search, levels, seed, signal, drive } = options;
  const requirement = searchRequirement(search, levels);
  const reached = Math.max(0, ...levels.map((phase) => phase.throughput_per_s ?? 0));
  if (requirement === null || reached === 0) return null;
  const settings = {
    startPerS: reached * START_SHARE,
    maxPerS: search.rate_max ?? SEARCH_DEFAULTS.rate_max,
    precision: search.precision ?? SEARCH_DEFAULTS.precision,
  };
  const steps: (KneeStep & { readonly phase: string })[] = [];
  const found = (kept: number | null, broken: number | null, confirmed: boolean, note: string): RunCapacity => ({
    rate_per_s: kept,
    broken_per_s: broken,
    confirmed,
    requirement: requirement.text,
    note,
    steps: steps.map(({ phase, ratePerS, outcome }) => ({ phase, rate_per_s: ratePerS, outcome })),
  });
  for (;;) {
    const decision = nextKneeStep(steps, settings);
    if (decision.next === 'done') {
      return found(decision.keptPerS, decision.brokenPerS, decision.confirmed, decision.note);
    }
    const { confirming } = decision;
    const seconds = confirming
      ? (search.confirm_s ?? SEARCH_DEFAULTS.confirm_s)
      : (search.step_s ?? SEARCH_DEFAULTS.step_s);
    const ratePerS = rounded(decision.ratePerS);
    const phase = `${confirming ? 'confirm' : 'search'}-${steps.length + 1}`;
    const driven = await drive(phase, ratePerS, seconds);
    if (signal.aborted) return found(null, null, false, 'the run was ended before the search was');
    steps.push({ phase, ratePerS, confirming, outcome: outcomeOf(driven, requirement, seed) });
  }
}
