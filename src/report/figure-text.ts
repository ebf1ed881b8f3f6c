import { FIGURES, type FigureName } from '../domain/stats/index.js';
import { count, milliseconds, perSecond, share } from './format.js';

/** The value of a requirement's figure with its unit. */
export function figureText(figure: string, value: number): string {
  const kind = Object.hasOwn(FIGURES, figure) ? FIGURES[figure as FigureName] : 'count';
  if (kind === 'milliseconds') return `${milliseconds(value)} ms`;
  if (kind === 'share') return share(value);
  return kind === 'per_second' ? `${perSecond(value)}/s` : count(value);
}
