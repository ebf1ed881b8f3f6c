import type { Run, RunPhase } from '../../contract/index.js';
import { resultPhases } from '../judging/load-levels.js';

/** A run of one side, and what to call it: the path it was read from. */
export interface NamedRun {
  readonly name: string;
  readonly run: Run;
}

/** Loads may differ by so much and still be the same: rates of open phases are rounded. */
const LOAD_TOLERANCE = 0.01;
/** Lengths are measured, not planned: the last answer ends a phase. */
const LENGTH_TOLERANCE = 0.1;

function near(a: number | undefined, b: number | undefined, tolerance: number): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}

function isSameLoad(a: RunPhase, b: RunPhase): boolean {
  return (
    a.users === b.users &&
    a.from_users === b.from_users &&
    a.requests_per_user === b.requests_per_user &&
    (a.think_s ?? 0) === (b.think_s ?? 0) &&
    a.arrivals === b.arrivals &&
    near(a.rate, b.rate, LOAD_TOLERANCE) &&
    (a.requests_per_user !== undefined || near(a.duration_s, b.duration_s, LENGTH_TOLERANCE))
  );
}

/** The request without what may differ from run to run, as text. */
function requestText(run: Run): string {
  const fields = Object.entries(run.scenario?.request ?? {}).filter(([key]) => key !== 'headers');
  return JSON.stringify(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function ownFaults({ name, run }: NamedRun): string[] {
  return [
    ...(run.validity?.valid === false
      ? [`${name} is INVALID: ${run.validity.reasons[0] ?? 'its figures cannot be trusted.'}`]
      : []),
    ...(run.interrupted === true ? [`${name} was ended by hand before its plan was done.`] : []),
  ];
}

/** Why runs cannot be compared in a phase (null: the whole run); empty when they can. */
export function incomparable(a: readonly NamedRun[], b: readonly NamedRun[], phaseName: string | null): string[] {
  const all = [...a, ...b];
  const reasons = all.flatMap(ownFaults);
  const names = all.map(({ name, run }) => run.run_id ?? name);
  const twice = all.find((_, i) => names.indexOf(names[i] ?? '') !== i);
  if (twice !== undefined) reasons.push(`${twice.name} was given twice: each run counts once.`);
  const [first] = all;
  if (first === undefined) return reasons;
  const otherRequest = all.find(({ run }) => requestText(run) !== requestText(first.run));
  if (otherRequest !== undefined) {
    reasons.push(`${otherRequest.name} asked for something else than ${first.name}: the requests differ.`);
  }
  if (phaseName === null) return reasons;
  const phaseOf = ({ run }: NamedRun): RunPhase | undefined =>
    resultPhases(run).find((phase) => phase.name === phaseName);
  const base = phaseOf(first);
  for (const one of all) {
    const phase = phaseOf(one);
    if (phase === undefined || base === undefined) {
      reasons.push(`${one.name} has no phase ${phaseName}${phase === undefined ? '' : `, as ${first.name} has not`}.`);
      break;
    }
    if (!isSameLoad(base, phase)) {
      reasons.push(`Phase ${phaseName} of ${one.name} differs from that of ${first.name} in load or length.`);
      break;
    }
  }
  return reasons;
}

/** What a reader should know before believing the comparison. */
export function comparisonWarnings(a: readonly NamedRun[], b: readonly NamedRun[]): string[] {
  const warnings: string[] = [];
  const times = (runs: readonly NamedRun[]): number[] =>
    runs.flatMap(({ run }) => (run.started === undefined ? [] : [Date.parse(run.started)]));
  const [startsA, startsB] = [times(a), times(b)];
  if (startsA.length === a.length && startsB.length === b.length) {
    const inTurns = Math.max(...startsA) > Math.min(...startsB) && Math.max(...startsB) > Math.min(...startsA);
    if (!inTurns) {
      warnings.push(
        'One side was measured wholly before the other: what else changed on the machine meanwhile counts as a difference. Measure in turns, A B A B.',
      );
    }
  }
  const machines = new Set(
    [...a, ...b].map(({ run }) => JSON.stringify([run.machine?.['cpu_model'], run.machine?.['cpu_cores']])),
  );
  if (machines.size > 1) warnings.push('The runs were made on different machines.');
  return warnings;
}
