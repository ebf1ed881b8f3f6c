import { seededRandom } from '../../domain/arrivals/index.js';
import {
  type ComparedFigure,
  compareFigures,
  comparisonPower,
  FIGURES,
  type FigureComparison,
  PRACTICAL_SHIFT,
  tooFewRuns,
} from '../../domain/stats/index.js';
import { resultPhases } from '../judging/load-levels.js';
import type { RemedyCheck } from './check-remedy.js';
import { comparisonWarnings, incomparable, type NamedRun } from './comparability.js';
import { isHigherBetter, type MetricName, metricText, parseMetric, valueOf } from './compared-figure.js';

export type { NamedRun } from './comparability.js';

export const COMPARISON_SCHEMA_VERSION = 1;

export interface ComparisonOptions {
  /** FIGURE[@PHASE]; p95 of the last measured phase where nothing is said. */
  readonly metric?: string;
  /** The figures beside it; p50, p99, throughput and success of the same phase where nothing is said. */
  readonly secondary?: readonly string[];
  /** Share from which on a shift matters (0.05 = 5 %). */
  readonly threshold?: number;
}

export type ComparisonVerdict = 'WORSE' | 'BETTER' | 'ALIKE' | 'NO DIFFERENCE SHOWN' | 'NOT COMPARABLE';

/** What two groups of runs say of each other. */
export interface Comparison {
  readonly schemaVersion: typeof COMPARISON_SCHEMA_VERSION;
  readonly verdict: ComparisonVerdict;
  /** Why they are not comparable. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly runsA: readonly string[];
  readonly runsB: readonly string[];
  readonly metric: string;
  readonly threshold: number;
  /** The primary first; empty where the runs are not comparable. */
  readonly figures: readonly FigureComparison[];
  /** How often a true shift of 10 % of the primary would be found, at the scatter that was seen; null where unknown. */
  readonly power: number | null;
  /** Whether a change that A's diagnosis predicts the effect of did that; null where none was named. */
  readonly remedy: RemedyCheck | null;
}

/** Power is simulated; a fixed seed gives the same figure for the same runs. */
const POWER_SEED = 1;
const DEFAULT_FIGURE = 'p95';
const DEFAULT_SECONDARY = ['p50', 'p99', 'throughput', 'success'];

const VERDICTS = {
  worse: 'WORSE',
  better: 'BETTER',
  alike: 'ALIKE',
  undecided: 'NO DIFFERENCE SHOWN',
} as const;

/** The values of one metric in both groups, or why a run has none. */
function figureOf(metric: MetricName, a: readonly NamedRun[], b: readonly NamedRun[]): ComparedFigure | string {
  const values = (runs: readonly NamedRun[]): number[] | string => {
    const found = runs.map(({ run }) => valueOf(run, metric));
    const missing = found.findIndex((value) => typeof value === 'string');
    return missing < 0 ? (found as number[]) : `${runs[missing]?.name ?? ''}: ${String(found[missing])}`;
  };
  const [valuesA, valuesB] = [values(a), values(b)];
  if (typeof valuesA === 'string') return valuesA;
  if (typeof valuesB === 'string') return valuesB;
  return {
    name: metricText(metric),
    better: isHigherBetter(metric.figure) ? 'higher' : 'lower',
    isShare: FIGURES[metric.figure] === 'share',
    a: valuesA,
    b: valuesB,
  };
}

/** The metrics asked for, or a sentence that says what is wrong with them. */
export function comparedMetrics(
  options: ComparisonOptions,
  a: readonly NamedRun[],
): { readonly primary: MetricName; readonly secondary: readonly MetricName[] } | string {
  const lastPhase = a[0] === undefined ? undefined : resultPhases(a[0].run).at(-1)?.name;
  const primary = parseMetric(options.metric ?? DEFAULT_FIGURE, lastPhase ?? '');
  if (typeof primary === 'string') return primary;
  const asked = (options.secondary ?? DEFAULT_SECONDARY).map((text) =>
    parseMetric(text, primary.phase ?? lastPhase ?? ''),
  );
  const wrong = asked.find((one) => typeof one === 'string');
  if (wrong !== undefined) return wrong;
  const secondary = (asked as MetricName[]).filter((one) => metricText(one) !== metricText(primary));
  return { primary, secondary };
}

function powerOf(primary: FigureComparison, threshold: number): number | null {
  const cvs = [primary.cvA, primary.cvB].filter((cv) => cv !== null);
  if (cvs.length === 0 || primary.isShare) return null;
  const cv = Math.sqrt(cvs.reduce((sum, one) => sum + one * one, 0) / cvs.length);
  return comparisonPower(primary.a.length, primary.b.length, cv, seededRandom(POWER_SEED), threshold);
}

/** Compares group b with group a run by run. Metrics come from `comparedMetrics`. */
export function buildComparison(
  a: readonly NamedRun[],
  b: readonly NamedRun[],
  metrics: { readonly primary: MetricName; readonly secondary: readonly MetricName[] },
  threshold: number = PRACTICAL_SHIFT,
  remedy: RemedyCheck | null = null,
): Comparison {
  const few = tooFewRuns(a.length, b.length);
  const reasons = [...(few === null ? [] : [few]), ...incomparable(a, b, metrics.primary.phase)];
  const primary = figureOf(metrics.primary, a, b);
  if (typeof primary === 'string' && reasons.length === 0) reasons.push(`${primary}.`);
  const base = {
    schemaVersion: COMPARISON_SCHEMA_VERSION,
    runsA: a.map(({ name }) => name),
    runsB: b.map(({ name }) => name),
    metric: metricText(metrics.primary),
    threshold,
    remedy,
  } as const;
  if (reasons.length > 0 || typeof primary === 'string') {
    return { ...base, verdict: 'NOT COMPARABLE', reasons, warnings: [], figures: [], power: null };
  }
  const warnings = comparisonWarnings(a, b);
  const secondary: ComparedFigure[] = [];
  for (const metric of metrics.secondary) {
    const reason = incomparable(a, b, metric.phase)[0];
    const figure = figureOf(metric, a, b);
    if (reason !== undefined) warnings.push(`${metricText(metric)} is left out: ${reason}`);
    else if (typeof figure === 'string') warnings.push(`${metricText(metric)} is left out. ${figure}.`);
    else secondary.push(figure);
  }
  const figures = compareFigures(primary, secondary, threshold);
  const [first] = figures;
  return {
    ...base,
    verdict: first === undefined ? 'NOT COMPARABLE' : VERDICTS[first.outcome],
    reasons,
    warnings,
    figures,
    power: first === undefined ? null : powerOf(first, threshold),
  };
}
