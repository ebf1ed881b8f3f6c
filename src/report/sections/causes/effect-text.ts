import type { Effect, Prediction } from '../../../domain/diagnosis/index.js';
import { change, milliseconds, perSecond } from '../../format.js';

const say = ({ figure }: Pick<Effect, 'figure'>, value: number): string =>
  figure === 'mean_ms' ? `${milliseconds(value)} ms` : `${perSecond(value)}/s`;

const NAMES: Readonly<Record<Effect['figure'], string>> = {
  throughput_per_s: 'throughput',
  mean_ms: 'mean response time',
};

/** `throughput 21.2/s → 42.1/s (20.2–44.6), +98 %`. */
export function effectText(effect: Effect): string {
  return `${NAMES[effect.figure]} ${say(effect, effect.before)} → ${say(effect, effect.expected)} (${say(effect, effect.lower)} to ${say(effect, effect.upper)}), ${change(effect.before, effect.expected)}`;
}

/** What is predicted, in words. */
export function predictionText({ effects, noEffect }: Prediction): string {
  const text = effects.map(effectText).join('; ');
  return noEffect ? `changes nothing: ${text}` : text;
}
