import type { FailureKind, ScenarioExpect } from '../../contract/index.js';
import { parseTimestampMs } from '../../domain/forecast/index.js';
import type { Exchange } from './http-connection.js';

export type CheckMode = 'status' | 'json' | 'predictions';

/** Why an exchange is no right answer; a fast error is an error. */
export interface Failure {
  readonly kind: FailureKind;
  readonly text: string;
}

const TEXT_MAX = 200;

function statusKind(status: number, wanted: readonly number[] | undefined): FailureKind | null {
  if (wanted === undefined ? status >= 200 && status < 300 : wanted.includes(status)) return null;
  if (status >= 400 && status < 500) return 'http_4xx';
  return status >= 500 && status < 600 ? 'http_5xx' : 'http_other';
}

function sameInstant(ts: unknown, expected: string): boolean {
  if (ts === expected) return true;
  if (typeof ts !== 'string') return false;
  return parseTimestampMs(ts) === parseTimestampMs(expected);
}

/** What is wrong with one row of predictions, or null: an object with at least one number, all of them finite. */
function rowProblem(row: unknown): string | null {
  if (typeof row !== 'object' || row === null) return 'a prediction is not an object';
  let numbers = 0;
  for (const [name, value] of Object.entries(row)) {
    if (name === 'ts') continue;
    if (typeof value !== 'number' || !Number.isFinite(value))
      return `the prediction of "${name}" is not a finite number`;
    numbers++;
  }
  return numbers === 0 ? 'a prediction without values' : null;
}

/** What is wrong with the predictions of an answer, or null. `expectedTs` may be null where nobody knows it. */
export function predictionsProblem(answer: unknown, expectedTs: string | null, horizon: number | null): string | null {
  if (typeof answer !== 'object' || answer === null) return 'the answer is not an object';
  const { predictions } = answer as { predictions?: unknown };
  if (!Array.isArray(predictions) || predictions.length === 0) return 'no predictions';
  if (horizon !== null && predictions.length !== horizon) {
    return `${predictions.length} predictions instead of ${horizon}`;
  }
  for (const row of predictions) {
    const problem = rowProblem(row);
    if (problem !== null) return problem;
  }
  const { ts } = predictions[0] as { ts?: unknown };
  if (expectedTs !== null && !sameInstant(ts, expectedTs)) {
    return `the first prediction is for ${String(ts)} instead of ${expectedTs}`;
  }
  return null;
}

/** What a JSON pointer leads to, or undefined. Source: RFC 6901. */
function atPointer(value: unknown, pointer: string): unknown {
  let found = value;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

/** What an answer lacks of what the scenario expects, or null. */
function expectationProblem(text: string, json: unknown, expect: ScenarioExpect): string | null {
  if (expect.contains !== undefined && !text.includes(expect.contains)) {
    return `the body does not contain "${expect.contains.slice(0, TEXT_MAX)}"`;
  }
  const missing = expect.fields?.find((pointer) => (atPointer(json, pointer) ?? null) === null);
  return missing === undefined ? null : `there is nothing at ${missing}`;
}

/** Judges an exchange: null when it is a right answer. */
export function answerFailure(
  exchange: Exchange,
  rules: { readonly check: CheckMode; readonly expect: ScenarioExpect },
  expectedTs: string | null,
  horizon: number | null,
): Failure | null {
  if (exchange.failure !== null) return exchange.failure;
  const answer = exchange.answer;
  if (answer === null) return { kind: 'reset', text: 'no answer' };
  const { check, expect } = rules;
  const kind = statusKind(answer.status, expect.status);
  if (kind !== null) {
    return { kind, text: `${answer.status} ${answer.body.toString('utf8', 0, TEXT_MAX).replace(/\s+/g, ' ').trim()}` };
  }
  if (check === 'status' && expect.contains === undefined && expect.fields === undefined) return null;
  const text = answer.body.toString('utf8');
  let json: unknown;
  if (check !== 'status' || expect.fields !== undefined) {
    try {
      json = JSON.parse(text);
    } catch {
      return { kind: 'bad_answer', text: 'the body is not JSON' };
    }
  }
  const problem =
    expectationProblem(text, json, expect) ??
    (check === 'predictions' ? predictionsProblem(json, expectedTs, horizon) : null);
  return problem === null ? null : { kind: 'bad_answer', text: problem };
}
