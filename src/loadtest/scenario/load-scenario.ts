import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Value } from 'typebox/value';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { FltsError, type Scenario, ScenarioSchema } from '../../contract/index.js';
import { preset, PRESET_ABOUT } from './presets.js';
import { type Problem, ruleProblems } from './scenario-rules.js';

/** Scenario files are small; a larger one is a mistake. */
const FILE_BYTES_MAX = 1024 * 1024;
/** A YAML alias may be repeated this often. */
const ALIASES_MAX = 100;
const PROBLEMS_MAX = 20;

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
