import { type FigureComparison, POWER_SHIFT } from '../../domain/stats/index.js';
import { figureText } from '../figure-text.js';
import { decimal, share } from '../format.js';
import type { Comparison } from './build-comparison.js';

/** +11.2 %; shares as points: −0.4 points. */
function signed(value: number, isShare: boolean): string {
  const text = decimal(Math.abs(value * 100), isShare ? 2 : 1);
  if (Number(text) === 0) return `±0${isShare ? ' points' : ' %'}`;
  const sign = value > 0 ? '+' : '−';
  return `${sign}${text}${isShare ? ' points' : ' %'}`;
}

function shiftText({ relative, isShare }: FigureComparison): string {
  if (relative === null) return '–';
  const end = (value: number | null): string =>
    value === null ? '?' : signed(value, isShare).replace(/ (%|points)$/, '');
  return `${signed(relative.value, isShare)} (${end(relative.lower)} … ${end(relative.upper)})`;
}

const OUTCOMES = { worse: 'worse', better: 'better', alike: 'alike', undecided: 'no difference shown' } as const;

export const pText = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

export function cvText(cv: number | null): string {
  return cv === null ? '–' : `${decimal(cv * 100, 1)} %`;
}

const TITLES = ['figure', 'A median', 'B median', 'shift (95 %)', 'p', "Cliff's δ", 'CV A', 'CV B', 'outcome'] as const;

/** One row a figure, the primary first. */
export function comparisonTable({ figures }: Comparison): {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  return {
    titles: TITLES,
    rows: figures.map((figure) => {
      const kind = figure.name.split('@')[0] ?? figure.name;
      return [
        figure.isPrimary ? `${figure.name} (primary)` : figure.name,
        figureText(kind, figure.medianA),
        figureText(kind, figure.medianB),
        shiftText(figure),
        pText(figure.adjustedP),
        figure.cliffsDelta.toFixed(2).replace('-', '−'),
        cvText(figure.cvA),
        cvText(figure.cvB),
        OUTCOMES[figure.outcome],
      ];
    }),
  };
}

/** The verdict in one sentence. */
export function verdictSentence(comparison: Comparison): string {
  const { verdict, metric, threshold, figures, reasons } = comparison;
  const [primary] = figures;
  if (primary === undefined) return reasons.join(' ');
  const limit = primary.isShare
    ? `${decimal(primary.threshold * 100, 1)} points`
    : `${Number((threshold * 100).toPrecision(3))} %`;
  const shift = shiftText(primary);
  if (verdict === 'ALIKE') return `${metric} shifts by ${shift}: its whole interval lies within ${limit}.`;
  if (verdict === 'NO DIFFERENCE SHOWN') {
    return `${metric} shifts by ${shift}, p ${pText(primary.p)}: no difference of ${limit} or more was shown, nor ruled out.`;
  }
  return `${metric} of B is ${verdict.toLowerCase()}: it shifts by ${shift}, p ${pText(primary.p)}; from ${limit} on it matters.`;
}

/** What the scatter between runs lets this comparison see. */
export function powerSentence({ power, figures, runsA, runsB }: Comparison): string | null {
  const [primary] = figures;
  if (power === null || primary === undefined) return null;
  return `Run-to-run CV ${cvText(primary.cvA)} (A) and ${cvText(primary.cvB)} (B): with ${runsA.length} + ${runsB.length} runs a true shift of ${POWER_SHIFT * 100} % would be found in ${power > 0.99 ? 'over 99 %' : share(power)} of such comparisons.`;
}
