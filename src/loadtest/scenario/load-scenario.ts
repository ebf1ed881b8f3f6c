import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Value } from 'typebox/value';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { FltsError, type Scenario, ScenarioSchema } from '../../contract/index.js';
import { parseRequirement } from '../../domain/stats/index.js';
import { preset, PRESET_ABOUT } from './presets.js';

/** Scenario files are small; a larger one is a mistake. */
const FILE_BYTES_MAX = 1024 * 1024;
/** A YAML alias may be repeated this often. */
const ALIASES_MAX = 100;
const PROBLEMS_MAX = 20;

interface Problem {
  /** Where in the scenario, as keys and indices. */
  readonly path: readonly string[];
  readonly text: string;
}

function schemaProblems(value: unknown): Problem[] {
  return [...Value.Errors(ScenarioSchema, value)]
    .filter((error) => error.keyword !== 'boolean') // the same as additionalProperties, once more
    .map((error) => {
      const path = error.instancePath.split('/').slice(1);
      const extra = (error.params as { additionalProperties?: string[] }).additionalProperties;
      if (extra !== undefined) return { path: [...path, extra[0] ?? ''], text: `unknown key "${extra.join('", "')}"` };
      return { path, text: `${path.at(-1) ?? 'the scenario'} ${error.message}` };
    });
}

/** What the schema cannot say. */
function ruleProblems(scenario: Scenario): Problem[] {
  const problems: Problem[] = [];
  const names = new Set<string>();
  for (const [i, phase] of scenario.phases.entries()) {
    const path = ['phases', String(i)];
    if (names.has(phase.name))
      problems.push({ path: [...path, 'name'], text: `two phases are called "${phase.name}"` });
    names.add(phase.name);
    if (phase.duration_s === undefined && phase.requests_per_user === undefined) {
      problems.push({ path, text: `phase "${phase.name}" needs duration_s or requests_per_user` });
    }
  }
  if (scenario.phases.every((phase) => phase.kind === 'warmup')) {
    problems.push({ path: ['phases'], text: 'every phase is a warm-up: nothing would be measured' });
  }
  const { request } = scenario;
  if (request?.body !== undefined) {
    for (const key of ['data', 'rows', 'step_s', 'columns', 'horizon'] as const) {
      if (request[key] !== undefined) {
        problems.push({ path: ['request', key], text: `"${key}" shapes generated windows, but a fixed body is given` });
      }
    }
  }
  for (const [i, text] of (scenario.require ?? []).entries()) {
    const problem = requirementProblem(text, names);
    if (problem !== null) problems.push({ path: ['require', String(i)], text: problem });
  }
  return problems;
}

/** Why a requirement cannot be held against phases of these names, or null. */
export function requirementProblem(text: string, phases: ReadonlySet<string>): string | null {
  const parsed = parseRequirement(text);
  if (typeof parsed === 'string') return parsed.replace(/\.$/, '');
  if (parsed.phase === null || phases.has(parsed.phase)) return null;
  return `requirement "${text}" names the phase "${parsed.phase}"; there are ${[...phases].join(', ')}`;
}

/** All problems of a scenario; empty when it is sound. */
export function scenarioProblems(value: unknown): readonly Problem[] {
  const problems = schemaProblems(value);
  return problems.length > 0 ? problems : ruleProblems(value as Scenario);
}

/** A scenario from YAML text. Throws FLTS_SCENARIO with every problem and its line. */
export function parseScenario(text: string, source: string): Scenario {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, stringKeys: true });
  const fail = (problems: readonly { line: number; text: string }[]): never => {
    const listed = problems.slice(0, PROBLEMS_MAX).map(({ line, text: what }) => `line ${line}: ${what}`);
    if (problems.length > PROBLEMS_MAX) listed.push(`and ${problems.length - PROBLEMS_MAX} more`);
    throw new FltsError('FLTS_SCENARIO', `${source} is no scenario: ${listed.join('; ')}.`);
  };
  if (document.errors.length > 0) {
    fail(
      document.errors.map((error) => ({
        line: counter.linePos(error.pos[0]).line,
        text: error.message.split('\n')[0] ?? '',
      })),
    );
  }
  const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
  const problems = scenarioProblems(value);
  if (problems.length > 0) {
    fail(problems.map(({ path, text: what }) => ({ line: lineOf(document, counter, path), text: what })));
  }
  return value as Scenario;
}

/** The line of the deepest node on the path that is there. */
function lineOf(document: ReturnType<typeof parseDocument>, counter: LineCounter, path: readonly string[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const keys = path.slice(0, depth).map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    const node: unknown = document.getIn(keys, true);
    if (isNode(node) && node.range) return counter.linePos(node.range[0]).line;
  }
  return 1;
}

/**
 * A scenario by the name of a preset or the path of a YAML file, and the folder that its own paths are relative to.
 * Throws FLTS_SCENARIO or FLTS_FILE_NOT_FOUND.
 */
export async function loadScenario(nameOrPath: string): Promise<{ scenario: Scenario; folder: string }> {
  const known = preset(nameOrPath);
  if (known !== null) return { scenario: known, folder: '.' };
  const text = await readFile(nameOrPath, 'utf8').catch((cause: unknown) => {
    throw new FltsError(
      'FLTS_FILE_NOT_FOUND',
      `"${nameOrPath}" is neither a preset (${Object.keys(PRESET_ABOUT).join(', ')}) nor a scenario file that can be read.`,
      { cause },
    );
  });
  if (text.length > FILE_BYTES_MAX) {
    throw new FltsError('FLTS_SCENARIO', `${nameOrPath} has over ${FILE_BYTES_MAX} characters: that is no scenario.`);
  }
  return { scenario: parseScenario(text, nameOrPath), folder: dirname(resolve(nameOrPath)) };
}
