import { type Ceiling, ceilingsOf } from './ceilings.js';
import { type Finding, figure, type PhaseObservation } from './observation.js';
import { pressureOf } from './pressure.js';
import type { Rule } from './rule.js';
import { batchingWait } from './rules/batching-wait.js';
import { concurrencyLimit } from './rules/concurrency-limit.js';
import { cpu } from './rules/cpu.js';
import { eventLoop } from './rules/event-loop.js';
import { generator } from './rules/generator.js';
import { memoryGc } from './rules/memory-gc.js';
import { modelExecution } from './rules/model-execution.js';
import { modelSwap } from './rules/model-swap.js';
import { network } from './rules/network.js';
import { systemModel } from './system-model.js';

/** From this score on a cause is named. */
export const NAMED_SCORE = 0.4;
/** A response time that grew by more than this factor from the least load has a cause, named or not. */
const GROWTH_MAX = 2;

const RULES: readonly (readonly [name: string, needs: string, rule: Rule])[] = [
  ['Load generator', 'how busy the generators were', generator],
  ['Memory and garbage collection', "the service's memory and time in garbage collection", memoryGc],
  ['CPU', 'CPU use and limit of the service', cpu],
  ['Event loop', 'lag or busy share of the event loop', eventLoop],
  ['Concurrency limit', 'dispatched requests and their limit', concurrencyLimit],
  ['Model execution', 'busy workers and time in the model', modelExecution],
  ['Batching wait', 'queue wait and busy workers', batchingWait],
  ['Network', 'the Server-Timing of answers, or a route that does nothing', network],
  ['Model swap', 'the number of model swaps', modelSwap],
];

export interface Diagnosis {
  /** The phase that was judged; null where none carries what it takes. */
  readonly phase: string | null;
  readonly outcome: 'cause' | 'healthy' | 'undecided';
  readonly summary: string;
  /** By falling score. */
  readonly findings: readonly Finding[];
  /** The lowest first. */
  readonly ceilings: readonly Ceiling[];
  /** What was not measured, and so could not be judged, as sentences. */
  readonly missing: readonly string[];
}

const undecided = (summary: string): Diagnosis => ({
  phase: null,
  outcome: 'undecided',
  summary,
  findings: [],
  ceilings: [],
  missing: [],
});

const loadOf = (phase: PhaseObservation): number => phase.users ?? phase.ratePerS ?? 0;

/** Phases this near to the slowest are as slow; of them the one with the most load is judged. */
const AS_SLOW = 0.9;

/** The phase with the slowest answers, and of the others the one of the least load. */
function judged(phases: readonly PhaseObservation[]): { phase: PhaseObservation; low: PhaseObservation } | null {
  const timed = phases.filter(({ meanMs }) => meanMs !== null && Number.isFinite(meanMs) && meanMs > 0);
  const slowestMs = timed.reduce((most, { meanMs }) => Math.max(most, meanMs ?? 0), 0);
  const [phase] = timed
    .filter(({ meanMs }) => (meanMs ?? 0) >= AS_SLOW * slowestMs)
    .toSorted((a, b) => loadOf(b) - loadOf(a) || (b.meanMs ?? 0) - (a.meanMs ?? 0));
  if (phase === undefined) return null;
  const sameMode = timed.filter(({ users }) => (users === null) === (phase.users === null));
  const [low] = sameMode.toSorted((a, b) => loadOf(a) - loadOf(b) || (a.meanMs ?? 0) - (b.meanMs ?? 0));
  return { phase, low: low ?? phase };
}

function conclude(
  phase: PhaseObservation,
  low: PhaseObservation,
  findings: readonly Finding[],
): Pick<Diagnosis, 'outcome' | 'summary'> {
  const [first] = findings;
  const at = phase.users === null ? `phase ${phase.name}` : `${phase.users} users`;
  if (first !== undefined && first.score >= NAMED_SCORE) {
    const says = first.evidenceFor
      .map(({ text }) => text)
      .slice(0, 4)
      .join('; ');
    return { outcome: 'cause', summary: `At ${at} the bottleneck is ${first.title}: ${says}.` };
  }
  const growth = phase !== low && (low.meanMs ?? 0) > 0 ? (phase.meanMs ?? 0) / (low.meanMs ?? 1) : null;
  const judgedSome = findings.some(
    ({ cause }) => cause === 'event_loop' || cause === 'cpu' || cause === 'model_execution',
  );
  if (growth !== null && growth > GROWTH_MAX) {
    return {
      outcome: 'undecided',
      summary: `The response time at ${at} is ${figure(growth)} × that of the least load, and no figure that was measured says why.`,
    };
  }
  if (!judgedSome && growth === null) {
    return {
      outcome: 'undecided',
      summary: 'What was measured is too little to judge: one load only, and nothing of the service.',
    };
  }
  const grown = growth === null ? '' : ` The response time at ${at} is ${figure(growth)} × that of the least load.`;
  return {
    outcome: 'healthy',
    summary: `No bottleneck was found up to ${at}: nothing that was measured is used up.${grown}`,
  };
}

/** Holds every rule against the measured phases; pure, and total: whatever is missing is named. */
export function diagnose(phases: readonly PhaseObservation[]): Diagnosis {
  const answered = phases.reduce((sum, { succeeded }) => sum + succeeded, 0);
  const pick = judged(phases);
  if (pick === null) {
    const asked = phases.reduce((sum, { requests }) => sum + requests, 0);
    return undecided(
      answered === 0 && asked > 0
        ? `None of ${figure(asked)} requests was answered rightly: there is no response time to explain.`
        : 'No phase has a response time to explain.',
    );
  }
  const { phase, low } = pick;
  const input = { phase, low, pressure: pressureOf(phase, low), model: systemModel(phase, low) };
  const judgedBy = RULES.map(([name, needs, rule]) => ({ name, needs, finding: rule(input) }));
  const findings = judgedBy
    .flatMap(({ finding }) => (finding === null ? [] : [finding]))
    .toSorted((a, b) => b.score - a.score);
  return {
    phase: phase.name,
    ...conclude(phase, low, findings),
    findings,
    ceilings: ceilingsOf(phase, low),
    missing: judgedBy.flatMap(({ name, needs, finding }) =>
      finding === null ? [`${name}: not judged, because the bundle does not say ${needs}.`] : [],
    ),
  };
}
