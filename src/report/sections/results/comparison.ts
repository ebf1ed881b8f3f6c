import type { Run, RunPhase } from '../../../contract/index.js';
import { change, decimal, milliseconds, perSecond } from '../../format.js';
import { resultPhases } from '../../judging/load-levels.js';
import { type Block, figureTable, type Section } from '../../model.js';
import { hasUpperBound } from '../../percentile-cell.js';
import { phaseTitle } from '../../run-bundle.js';

/** So many phases fit across with a change beside each; more stand one below the other. */
const ACROSS_MAX = 3;
const NOTE = 'A percentile without an upper bound is not compared.';

const COMPARED: readonly [string, (phase: RunPhase) => number | null | undefined, (value: number) => string][] = [
  ['Throughput /s', (phase) => phase.throughput_per_s, perSecond],
  ['Mean ms', (phase) => phase.mean_ms, milliseconds],
  ['p50 ms', (phase) => (hasUpperBound(phase, 'p50') === false ? null : phase.p50_ms), milliseconds],
  ['p95 ms', (phase) => (hasUpperBound(phase, 'p95') === false ? null : phase.p95_ms), milliseconds],
  ['p99 ms', (phase) => (hasUpperBound(phase, 'p99') === false ? null : phase.p99_ms), milliseconds],
  [
    'Efficiency (req/s per user)',
    (phase) => (phase.throughput_per_s === undefined || !phase.users ? null : phase.throughput_per_s / phase.users),
    (value) => decimal(value, 2),
  ],
];

type Compared = (typeof COMPARED)[number];

function changeOf([, read]: Compared, from: RunPhase | undefined, to: RunPhase): string {
  const a = (from === undefined ? null : read(from)) ?? null;
  const b = read(to) ?? null;
  return a === null || b === null ? '–' : change(a, b);
}

function valueOf([, read, say]: Compared, phase: RunPhase): string {
  const value = read(phase) ?? null;
  return value === null ? '–' : say(value);
}

/** Phases across, then the change from each to the next. */
function acrossTable(phases: readonly RunPhase[], known: readonly Compared[]): Block {
  const pairs = phases.slice(1).map((phase, i) => [phases[i] as RunPhase, phase] as const);
  return figureTable(
    ['Figure', ...phases.map(phaseTitle), ...pairs.map(([from, to]) => `${from.name} → ${to.name}`)],
    known.map((figure) => [
      figure[0],
      ...phases.map((phase) => valueOf(figure, phase)),
      ...pairs.map(([from, to]) => changeOf(figure, from, to)),
    ]),
    NOTE,
  );
}

/** Phases down, the change from the phase above in brackets. */
function downTable(phases: readonly RunPhase[], known: readonly Compared[]): Block {
  return figureTable(
    ['Phase', ...known.map(([title]) => title)],
    phases.map((phase, i) => [
      phaseTitle(phase),
      ...known.map((figure) => {
        const difference = changeOf(figure, phases[i - 1], phase);
        return `${valueOf(figure, phase)}${difference === '–' ? '' : ` (${difference})`}`;
      }),
    ]),
    `In brackets: the change from the phase above. ${NOTE}`,
  );
}

/** Change of each figure from phase to phase; null with a single phase. */
export function comparisonSection(run: Run): Section | null {
  const phases = resultPhases(run);
  if (phases.length < 2) return null;
  const known = COMPARED.filter(([, read]) => phases.some((phase) => (read(phase) ?? null) !== null));
  return {
    id: 'comparison',
    title: 'Comparison between phases',
    lead: 'What more load changed: throughput should grow with users, response times should not.',
    blocks: [phases.length <= ACROSS_MAX ? acrossTable(phases, known) : downTable(phases, known)],
  };
}
