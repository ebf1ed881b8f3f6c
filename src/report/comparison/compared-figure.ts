import type { Run } from '../../contract/index.js';
import { FIGURES, type FigureName } from '../../domain/stats/index.js';
import { resultPhases } from '../judging/load-levels.js';

/** What is compared: a figure of run.json, of one phase or (`uptime`) of the whole run. */
export interface MetricName {
  readonly figure: FigureName;
  readonly phase: string | null;
}

/** Counts say how much was asked, not how well it went. */
const COMPARED = Object.keys(FIGURES).filter((name) => name !== 'requests') as FigureName[];

export function metricText({ figure, phase }: MetricName): string {
  return phase === null ? figure : `${figure}@${phase}`;
}

/** FIGURE[@PHASE] as in requirements; a sentence where it cannot be read. `defaultPhase` where no phase is named. */
export function parseMetric(text: string, defaultPhase: string): MetricName | string {
  const [name = '', phase, ...rest] = text.trim().split('@');
  const figure = COMPARED.find((known) => known === name);
  if (figure === undefined || rest.length > 0 || phase === '') {
    return `"${text}" is no metric; write FIGURE[@PHASE] with one of ${COMPARED.join(', ')}.`;
  }
  if (figure === 'uptime') {
    return phase === undefined ? { figure, phase: null } : 'Uptime is measured over the whole run: drop the phase.';
  }
  return { figure, phase: phase ?? defaultPhase };
}

export function isHigherBetter(figure: FigureName): boolean {
  return FIGURES[figure] === 'share' || figure === 'throughput';
}

/** The figure of a run, or why it has none, in words that follow "run X: ". */
export function valueOf(run: Run, { figure, phase: name }: MetricName): number | string {
  if (figure === 'uptime') return run.uptime ?? 'uptime was not measured';
  const phase = resultPhases(run).find((candidate) => candidate.name === name);
  if (phase === undefined) return `there is no phase ${name ?? ''}`;
  const entry = phase.percentiles?.[figure];
  if (entry?.supported === false) return `${figure} is carried by the generator's own lag`;
  if (entry?.upper_ms === null) return `${figure} has too few answers to be more than "at least the maximum"`;
  const value = {
    success: phase.success_rate,
    throughput: phase.throughput_per_s,
    requests: phase.requests,
    failed: phase.failed,
    min: phase.min_ms,
    mean: phase.mean_ms,
    p50: phase.p50_ms,
    p90: phase.p90_ms,
    p95: phase.p95_ms,
    p99: phase.p99_ms,
    'p99.9': phase['p99.9_ms'],
    max: phase.max_ms,
  }[figure];
  return value ?? `${figure} was not measured`;
}
