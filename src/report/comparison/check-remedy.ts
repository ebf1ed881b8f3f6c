import { checkPrediction, type CheckedEffect, type Diagnosis } from '../../domain/diagnosis/index.js';
import { median } from '../../domain/stats/index.js';
import { milliseconds, perSecond } from '../format.js';
import type { NamedRun } from './comparability.js';
import { resultPhases } from '../judging/load-levels.js';

/** What a diagnosis of A predicted of a change, held against B, in which the change was made. */
export interface RemedyCheck {
  readonly id: string;
  readonly remedy: string;
  readonly phase: string;
  readonly effects: readonly CheckedEffect[];
  /** `refuted` where any figure lies outside its interval, `unknown` where one was not measured. */
  readonly outcome: CheckedEffect['outcome'];
}

type FigureOfEffect = CheckedEffect['effect']['figure'];

/** Medians over the runs of one side; null where a run lacks the figure. */
function medians(runs: readonly NamedRun[], phase: string): Record<FigureOfEffect, number | null> {
  const over = (figure: FigureOfEffect): number | null => {
    const values = runs.flatMap(({ run }) => resultPhases(run).find(({ name }) => name === phase)?.[figure] ?? []);
    return values.length === 0 || values.length < runs.length ? null : median(values);
  };
  return { throughput_per_s: over('throughput_per_s'), mean_ms: over('mean_ms') };
}

/** Whether the remedy did what was predicted; a sentence where the diagnosis predicts nothing under that name. */
export function checkRemedy(
  diagnosis: Diagnosis,
  id: string,
  a: readonly NamedRun[],
  b: readonly NamedRun[],
): RemedyCheck | string {
  const all = diagnosis.findings.flatMap(({ predictions }) => predictions);
  const prediction = all.find((one) => one.id === id);
  if (prediction === undefined) {
    const known = all.length === 0 ? 'it predicts nothing' : `it predicts ${all.map((one) => one.id).join(', ')}`;
    return `The diagnosis of ${a[0]?.name ?? 'A'} has no remedy "${id}": ${known}.`;
  }
  const { remedy, phase } = prediction;
  const effects = checkPrediction(prediction, medians(b, phase), medians(a, phase));
  const outcomes = effects.map(({ outcome }) => outcome);
  const outcome = outcomes.includes('refuted') ? 'refuted' : outcomes.includes('unknown') ? 'unknown' : 'held';
  return { id, remedy, phase, effects, outcome };
}

const SAID = { held: 'came true', refuted: 'did not come true', unknown: 'cannot be judged' } as const;

/** The prediction, what was measured, and whether it came true. */
export function remedySentence({ id, remedy, phase, effects, outcome }: RemedyCheck): string {
  const parts = effects.map(({ effect, measured }) => {
    const say = (value: number): string =>
      effect.figure === 'mean_ms' ? `${milliseconds(value)} ms` : `${perSecond(value)}/s`;
    const name = effect.figure === 'mean_ms' ? 'mean response time' : 'throughput';
    return `${name} ${say(effect.lower)} to ${say(effect.upper)} predicted, ${measured === null ? 'not measured' : `${say(measured)} measured`}`;
  });
  return `The prediction for ${id} (${remedy.replace(/\.$/, '')}) in phase ${phase} ${SAID[outcome]}: ${parts.join('; ')}.`;
}
