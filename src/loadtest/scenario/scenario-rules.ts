import type { Scenario, ScenarioPhase } from '../../contract/index.js';
import { parseRequirement } from '../../domain/stats/index.js';

export interface Problem {
  /** Where in the scenario, as keys and indices. */
  readonly path: readonly string[];
  readonly text: string;
}

/** Why a requirement cannot be held against phases of these names, or null. */
export function requirementProblem(text: string, phases: ReadonlySet<string>): string | null {
  const parsed = parseRequirement(text);
  if (typeof parsed === 'string') return parsed.replace(/\.$/, '');
  if (parsed.phase === null || phases.has(parsed.phase)) return null;
  return `requirement "${text}" names the phase "${parsed.phase}"; there are ${[...phases].join(', ')}`;
}

/** Why an expression cannot be asked of one phase, or null. */
function onePhaseProblem(text: string, what: string): string | null {
  const parsed = parseRequirement(text);
  if (typeof parsed === 'string') return parsed.replace(/\.$/, '');
  if (parsed.phase !== null) return `${what} "${text}" names a phase: drop "@${parsed.phase}"`;
  return parsed.figure === 'uptime' ? `${what} "${text}" asks for uptime, which is measured over the whole run` : null;
}

type Key = keyof ScenarioPhase;

/** Keys that a phase may have only if …, and why not otherwise. */
function misplaced(phase: ScenarioPhase): [Key, string][] {
  const open = phase.users === undefined;
  const changing = phase.kind === 'ramp' || phase.kind === 'spike';
  const found: [Key, string][] = [];
  const only = (keys: readonly Key[], allowed: boolean, where: string): void => {
    for (const key of keys) if (phase[key] !== undefined && !allowed) found.push([key, `"${key}" belongs to ${where}`]);
  };
  only(['think_s', 'requests_per_user', 'step_users'], !open, 'phases with users');
  only(['arrivals', 'max_in_flight'], open, 'phases with a rate');
  only(['from_users'], !open && changing, 'a ramp or a spike with users');
  only(['from_rate'], open && changing, 'a ramp or a spike with a rate');
  only(['step_users'], phase.kind === 'ramp', 'a ramp');
  return found;
}

function phaseProblems(phase: ScenarioPhase): [Key | null, string][] {
  const loads = (['users', 'rate', 'of_capacity'] as const).filter((key) => phase[key] !== undefined);
  const found: [Key | null, string][] = misplaced(phase);
  if (loads.length !== 1) {
    const have = loads.length === 0 ? 'none of them' : loads.join(' and ');
    found.push([null, `phase "${phase.name}" needs one of users, rate and of_capacity; it has ${have}`]);
    return found;
  }
  const open = phase.users === undefined;
  if (phase.duration_s === undefined && (open || phase.requests_per_user === undefined)) {
    found.push([null, `phase "${phase.name}" needs duration_s${open ? '' : ' or requests_per_user'}`]);
  }
  if (phase.kind !== 'ramp' && phase.kind !== 'spike') return found;
  const key = open ? 'from_rate' : 'from_users';
  const from = phase[key];
  const to = open ? phase.rate : phase.users;
  if (from === undefined) found.push([null, `phase "${phase.name}" is a ${phase.kind} and needs ${key}`]);
  else if (to !== undefined && from >= to && !(open && phase.kind === 'ramp')) {
    found.push([key, `phase "${phase.name}" begins at ${from} and must rise above it, not to ${to}`]);
  }
  if (phase.duration_s === undefined)
    found.push([null, `phase "${phase.name}" is a ${phase.kind} and needs duration_s`]);
  return found;
}

function requestProblems({ request }: Scenario): Problem[] {
  const problems: Problem[] = [];
  if (request?.body !== undefined) {
    for (const key of ['data', 'rows', 'step_s', 'columns', 'horizon', 'template'] as const) {
      if (request[key] !== undefined) {
        problems.push({ path: ['request', key], text: `"${key}" shapes generated windows, but a fixed body is given` });
      }
    }
  }
  const reserved = ['host', 'content-length', 'transfer-encoding', 'connection'];
  for (const name of Object.keys(request?.headers ?? {})) {
    if (reserved.includes(name.toLowerCase())) {
      const text = `the header "${name}" is set by the connection itself and cannot be given`;
      problems.push({ path: ['request', 'headers', name], text });
    }
  }
  return problems;
}

/** What the schema cannot say. */
export function ruleProblems(scenario: Scenario): Problem[] {
  const problems: Problem[] = requestProblems(scenario);
  const names = new Set<string>();
  for (const [i, phase] of scenario.phases.entries()) {
    const path = ['phases', String(i)];
    if (names.has(phase.name))
      problems.push({ path: [...path, 'name'], text: `two phases are called "${phase.name}"` });
    names.add(phase.name);
    for (const [key, text] of phaseProblems(phase)) problems.push({ path: key === null ? path : [...path, key], text });
    for (const [k, text] of (phase.require ?? []).entries()) {
      const problem = onePhaseProblem(text, 'requirement');
      if (problem !== null) problems.push({ path: [...path, 'require', String(k)], text: problem });
    }
  }
  if (scenario.phases.every((phase) => phase.kind === 'warmup')) {
    problems.push({ path: ['phases'], text: 'every phase is a warm-up: nothing would be measured' });
  }
  for (const [i, text] of (scenario.require ?? []).entries()) {
    const problem = requirementProblem(text, names);
    if (problem !== null) problems.push({ path: ['require', String(i)], text: problem });
  }
  for (const [i, text] of (scenario.abort ?? []).entries()) {
    const problem = onePhaseProblem(text, 'abort rule');
    if (problem !== null) problems.push({ path: ['abort', String(i)], text: problem });
  }
  const wanted = scenario.search?.require;
  const problem = wanted === undefined ? null : onePhaseProblem(wanted, 'the search requirement');
  if (problem !== null) problems.push({ path: ['search', 'require'], text: problem });
  return problems;
}
