import {
  type FigureName,
  evaluateRequirement,
  type PhaseFigures,
  type Requirement,
  runInvalidReasons,
  smallestNForSuccess,
} from '../domain/stats/index.js';
import { PERCENTILES, RUN_SCHEMA_VERSION, type Run, type RunPhase, type RunRequirement } from '../contract/index.js';
import type { DrivenPhase } from './drive-phases.js';
import { mustBeSteady, type PhaseContext, phaseEvidence, phaseFigures } from './record/phase-figures.js';

/** Latency figures of a phase by their names in requirements. */
function figuresOf(phase: RunPhase): PhaseFigures {
  const values: Partial<Record<FigureName, number | null>> = {
    success: phase.success_rate ?? null,
    throughput: phase.throughput_per_s ?? null,
    requests: phase.requests ?? null,
    failed: phase.failed ?? null,
    min: phase.min_ms ?? null,
    mean: phase.mean_ms ?? null,
    max: phase.max_ms ?? null,
  };
  const intervals: Partial<Record<FigureName, { lower: number | null; upper: number | null }>> = {};
  for (const name of Object.keys(PERCENTILES) as (keyof typeof PERCENTILES)[]) {
    values[name] = phase[`${name}_ms`] ?? null;
    const entry = phase.percentiles?.[name];
    if (entry !== undefined) intervals[name] = { lower: entry.lower_ms, upper: entry.upper_ms };
  }
  return { name: phase.name, values, intervals, successRate: phase.success_rate ?? null };
}

/** Warm-ups are driven only; steps of a search are meant to break what is asked. */
export function isJudged({ kind }: { readonly kind?: RunPhase['kind'] }): boolean {
  return kind !== 'warmup' && kind !== 'search';
}

/** Holds the requirements against a run's measured phases. */
export function requirementResults(
  requirements: readonly Requirement[],
  phases: readonly RunPhase[],
  uptime: number | null,
): RunRequirement[] {
  const figures = phases.filter(isJudged).map(figuresOf);
  return requirements.map((requirement) => {
    const result = evaluateRequirement(requirement, figures, uptime);
    return {
      expression: requirement.text,
      figure: requirement.figure,
      phase: result.phase,
      op: requirement.op,
      limit: requirement.limit,
      actual: result.actual,
      outcome: result.outcome,
      note: result.note,
    };
  });
}

const CLAIM = 0.999;

/** What a reader has to know although the run is valid. */
function runWarnings(phases: readonly RunPhase[], requirements: readonly RunRequirement[]): string[] {
  const warnings = phases.flatMap((phase) => (phase.warnings ?? []).map((text) => `Phase ${phase.name}: ${text}`));
  const total = phases.reduce((sum, phase) => sum + (phase.requests ?? 0), 0);
  const failed = phases.reduce((sum, phase) => sum + (phase.failed ?? 0), 0);
  const needed = smallestNForSuccess(CLAIM);
  if (failed === 0 && total > 0 && total < needed) {
    warnings.push(
      `No request failed, but ${total} are too few to claim ${CLAIM * 100} % success: that takes ${needed}.`,
    );
  }
  for (const { expression, outcome, note } of requirements) {
    if (outcome === 'undecided' || (outcome === 'met' && note !== null)) {
      warnings.push(`Requirement ${expression} is ${outcome === 'met' ? 'met, but' : 'undecided:'} ${note ?? ''}.`);
    }
  }
  return warnings;
}

/** Success that is asked of a phase: the strictest of its requirements; null without. */
function objectiveOf(requirements: readonly Requirement[], phase: string): number | null {
  const asked = requirements.filter(
    ({ figure, op, phase: named }) => figure === 'success' && op.startsWith('>') && (named ?? phase) === phase,
  );
  return asked.length === 0 ? null : Math.max(...asked.map(({ limit }) => limit));
}

export interface RunFacts {
  readonly head: Omit<Run, 'schema_version' | 'phases' | 'totals' | 'requirements' | 'validity' | 'verdict'>;
  readonly driven: readonly DrivenPhase[];
  readonly requirements: readonly Requirement[];
  readonly restarts: readonly string[];
  readonly warnings: readonly string[];
  readonly seed: number;
  /** Resident memory of the server: s on the run's clock, bytes. */
  readonly rss: PhaseContext['rss'];
}

/** Figures of one driven phase, with what the run knows beside it. */
export function figuresOfDriven(
  driven: DrivenPhase,
  facts: Pick<RunFacts, 'requirements' | 'seed' | 'rss'>,
  steadyPhases: number,
): RunPhase {
  const { recorder, generators } = driven;
  const { startUs } = recorder.phase.plan;
  return phaseFigures(recorder, {
    generators,
    seed: facts.seed,
    objective: objectiveOf(facts.requirements, recorder.phase.name),
    steadyPhases,
    rss: facts.rss.filter(([atS]) => atS * 1e6 >= startUs && atS * 1e6 <= recorder.windowEndUs),
  });
}

/** run.json from what was recorded: figures, validity with reasons, requirements, verdict. INVALID goes before FAILED. */
export function assembleRun(facts: RunFacts): Run {
  const steadyPhases = facts.driven.filter(({ recorder }) => mustBeSteady(recorder)).length;
  const phases = facts.driven.map((driven) => figuresOfDriven(driven, facts, steadyPhases));
  const reasons = runInvalidReasons({
    phases: facts.driven.flatMap(({ recorder, generators }, i) => {
      const figures = phases[i];
      return figures === undefined || !isJudged(figures) ? [] : [phaseEvidence(recorder, figures, generators)];
    }),
    restarts: facts.restarts,
  });
  const counted = phases.filter(isJudged);
  const requirements = requirementResults(facts.requirements, phases, facts.head.uptime ?? null);
  const sum = (key: 'requests' | 'succeeded' | 'failed'): number =>
    counted.reduce((total, phase) => total + (phase[key] ?? 0), 0);
  const problems = facts.driven.flatMap(({ recorder, problems: texts }) =>
    [...new Set(texts)].map((text) => `Phase ${recorder.phase.name}, at its start: ${text}.`),
  );
  const undecided = counted.flatMap(({ name, steadiness }) =>
    steadiness?.outcome === 'undecided'
      ? [`Phase ${name}: whether it was steady is undecided: ${steadiness.reason}.`]
      : [],
  );
  const failed =
    facts.head.aborted !== undefined || requirements.some((requirement) => requirement.outcome === 'not_met');
  return {
    schema_version: RUN_SCHEMA_VERSION,
    ...facts.head,
    phases,
    totals: { requests: sum('requests'), succeeded: sum('succeeded'), failed: sum('failed') },
    requirements,
    validity: {
      valid: reasons.length === 0,
      reasons,
      warnings: [...facts.warnings, ...problems, ...undecided, ...runWarnings(counted, requirements)],
    },
    verdict: reasons.length > 0 ? 'INVALID' : failed ? 'FAILED' : 'PASSED',
  };
}
