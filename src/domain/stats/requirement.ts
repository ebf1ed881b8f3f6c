/**
 * The grammar of `--require`: FIGURE[@PHASE] OP VALUE[UNIT], e.g. `p95@100<2000ms`, `success>=99.9%`,
 * `throughput>=100/s`. Without a phase it must hold in every measured phase (`uptime` in the whole run).
 */

export type Comparison = '<' | '<=' | '>' | '>=';

/** What a figure is measured in; decides which units are read and how values print. */
export type FigureKind = 'milliseconds' | 'share' | 'per_second' | 'count';

export const FIGURES = {
  min: 'milliseconds',
  mean: 'milliseconds',
  p50: 'milliseconds',
  p90: 'milliseconds',
  p95: 'milliseconds',
  p99: 'milliseconds',
  'p99.9': 'milliseconds',
  max: 'milliseconds',
  success: 'share',
  uptime: 'share',
  throughput: 'per_second',
  requests: 'count',
  failed: 'count',
} as const satisfies Record<string, FigureKind>;

export type FigureName = keyof typeof FIGURES;

export interface Requirement {
  /** As it was written. */
  readonly text: string;
  readonly figure: FigureName;
  /** Null = every measured phase. */
  readonly phase: string | null;
  readonly op: Comparison;
  /** Milliseconds, share 0..1, per second, or count. */
  readonly limit: number;
}

/** Units by kind, and what one of them is in the figure's own unit. The first is meant where none is written. */
const UNITS: Record<FigureKind, Record<string, number>> = {
  milliseconds: { ms: 1, us: 1e-3, µs: 1e-3, s: 1000, min: 60_000 },
  share: { '%': 0.01, '': 1 },
  per_second: { '/s': 1, 'req/s': 1, '/min': 1 / 60 },
  count: { '': 1 },
};

const EXPRESSION = /^\s*([A-Za-z][\w.]*)\s*(?:@\s*([^\s<>=@]+))?\s*(<=|>=|<|>)\s*([^\s<>=]+?)\s*$/;
const NUMBER_AND_UNIT = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)$/;

const SYNTAX = 'write FIGURE[@PHASE] OP VALUE[UNIT], such as p95@100<2000ms or success>=99.9%';

function isFigure(name: string): name is FigureName {
  return Object.hasOwn(FIGURES, name);
}

/** The requirement, or one sentence that says what is wrong with it. */
export function parseRequirement(text: string): Requirement | string {
  const match = EXPRESSION.exec(text);
  if (match === null) return `Requirement "${text}" cannot be read: ${SYNTAX}.`;
  const [, figure = '', phase, op = '', amount = ''] = match;
  if (!isFigure(figure)) {
    return `Requirement "${text}" names the figure "${figure}"; there are ${Object.keys(FIGURES).join(', ')}.`;
  }
  if (figure === 'uptime' && phase !== undefined) {
    return `Requirement "${text}" asks for uptime in one phase; uptime is measured over the whole run: drop "@${phase}".`;
  }
  const kind = FIGURES[figure];
  const parts = NUMBER_AND_UNIT.exec(amount);
  if (parts === null) return `Requirement "${text}" has no number after ${op}: ${SYNTAX}.`;
  const [, digits = '', unit = ''] = parts;
  const units = UNITS[kind];
  const factor = unit === '' ? Object.values(units)[kind === 'share' ? 1 : 0] : units[unit];
  if (factor === undefined) {
    const known = Object.keys(units).filter((name) => name !== '');
    return `Requirement "${text}" has the unit "${unit}"; ${figure} is given ${known.length === 0 ? 'without a unit' : `in ${known.join(', ')}`}.`;
  }
  const limit = Number(digits) * factor;
  if (limit < 0 || !Number.isFinite(limit)) return `Requirement "${text}" has a value below zero or beyond all bounds.`;
  if (kind === 'share' && limit > 1) {
    return `Requirement "${text}" asks for more than everything; write a percentage, such as ${figure}${op}${digits.startsWith('1') ? '99.9' : digits}%.`;
  }
  return { text: text.trim(), figure, phase: phase ?? null, op: op as Comparison, limit };
}

/** Figures of one phase, in the units of `FIGURES`; null where they could not be measured. */
export interface PhaseFigures {
  readonly name: string;
  readonly values: Readonly<Partial<Record<FigureName, number | null>>>;
  /** Interval ends of percentiles; an upper end of null means that n is too small. */
  readonly intervals: Readonly<Partial<Record<FigureName, { lower: number | null; upper: number | null }>>>;
  readonly successRate: number | null;
}

export type Outcome = 'met' | 'not_met' | 'undecided';

export interface RequirementResult {
  readonly requirement: Requirement;
  /** The phase that decided: the one asked for, or the worst of all. */
  readonly phase: string | null;
  readonly actual: number | null;
  readonly outcome: Outcome;
  /** Why it is undecided or not met, where the numbers alone do not say it; or what is uncertain although met. */
  readonly note: string | null;
}

function compare(actual: number, op: Comparison, limit: number): boolean {
  if (op === '<') return actual < limit;
  if (op === '<=') return actual <= limit;
  return op === '>' ? actual > limit : actual >= limit;
}

const PERCENTILE_SHARE: Partial<Record<FigureName, number>> = {
  p50: 0.5,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
  'p99.9': 0.999,
};

function evaluatePhase(requirement: Requirement, phase: PhaseFigures): RequirementResult {
  const { figure, op, limit } = requirement;
  const result = (actual: number | null, outcome: Outcome, note: string | null): RequirementResult => ({
    requirement,
    phase: phase.name,
    actual,
    outcome,
    note,
  });
  const actual = phase.values[figure] ?? null;
  if (actual === null) return result(null, 'not_met', `${figure} was not measured in phase ${phase.name}`);
  const bounded = op === '<' || op === '<=';
  const share = PERCENTILE_SHARE[figure];
  // A request that failed did not answer in time: the percentile over answers alone would flatter.
  if (share !== undefined && bounded && phase.successRate !== null && 1 - phase.successRate > 1 - share) {
    return result(actual, 'not_met', `${((1 - phase.successRate) * 100).toFixed(2)} % of the requests failed`);
  }
  if (!compare(actual, op, limit)) return result(actual, 'not_met', null);
  const interval = phase.intervals[figure];
  if (interval === undefined) return result(actual, 'met', null);
  if (bounded && interval.upper === null) return result(actual, 'undecided', 'too few requests for an upper bound');
  const edge = bounded ? interval.upper : interval.lower;
  const certain = edge !== null && compare(edge, op, limit);
  return result(actual, 'met', certain ? null : 'its interval reaches beyond the limit');
}

/** How far a result is from failing, larger = safer; orders results of one requirement. */
function margin(result: RequirementResult): number {
  const rank = { not_met: 0, undecided: 1, met: 2 }[result.outcome] * 1e15;
  if (result.actual === null) return -1e15;
  const { op, limit } = result.requirement;
  return rank + (op === '<' || op === '<=' ? limit - result.actual : result.actual - limit);
}

/**
 * Holds a requirement against the measured phases; without a phase of its own the worst phase decides. `uptime` is a
 * figure of the run and is looked up in a phase named null by the caller: pass it as `uptime`.
 */
export function evaluateRequirement(
  requirement: Requirement,
  phases: readonly PhaseFigures[],
  uptime: number | null,
): RequirementResult {
  if (requirement.figure === 'uptime') {
    const outcome = uptime !== null && compare(uptime, requirement.op, requirement.limit) ? 'met' : 'not_met';
    return {
      requirement,
      phase: null,
      actual: uptime,
      outcome,
      note: uptime === null ? 'no readiness probe answered' : null,
    };
  }
  const asked = phases.filter((phase) => requirement.phase === null || phase.name === requirement.phase);
  const results = asked.map((phase) => evaluatePhase(requirement, phase)).sort((a, b) => margin(a) - margin(b));
  return (
    results[0] ?? {
      requirement,
      phase: requirement.phase,
      actual: null,
      outcome: 'not_met',
      note: requirement.phase === null ? 'no phase was measured' : `phase ${requirement.phase} was not measured`,
    }
  );
}
