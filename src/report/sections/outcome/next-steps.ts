import type { Run } from '../../../contract/index.js';
import { smallestSupportedN } from '../../../domain/stats/index.js';
import type { Findings } from '../../findings.js';
import { count, seconds } from '../../format.js';
import { figureText } from '../../figure-text.js';
import { resultPhases } from '../../judging/load-levels.js';
import { bad, type Block, figureTable, plain, type Section, type Sentence, warning } from '../../model.js';
import { answersOf, loadOf, phaseTitle, type RunBundle } from '../../run-bundle.js';
import { isLocal } from '../../judging/target-place.js';

/** A soak shorter than this finds no slow leak. */
const SOAK_MIN_S = 3600;

interface Steps {
  readonly now: Sentence[];
  readonly soon: Sentence[];
  readonly later: Sentence[];
}

function nowSteps(run: Run, findings: Findings): Sentence[] {
  const steps: Sentence[] = [];
  if (findings.verdict === 'INVALID') {
    steps.push(bad(`Measure again before anything is decided: ${findings.verdictReasons[0] ?? 'the run is invalid'}`));
  }
  for (const { expression, figure, actual, outcome } of run.requirements ?? []) {
    if (outcome !== 'not_met' || actual === null) continue;
    steps.push(bad(`${expression} is missed with ${figureText(figure, actual)}.`));
  }
  const fit = findings.readiness?.fitLevel ?? null;
  const unfit = findings.readiness?.levels.some((one) => !one.isFastEnough || !one.isRightEnough) === true;
  if (fit !== null && unfit && findings.verdict !== 'INVALID') {
    steps.push(warning(`Until that is mended, let no more than ${loadOf(fit)} in at once.`));
  }
  const worst = resultPhases(run)
    .filter((phase) => (phase.failed ?? 0) > 0)
    .sort((a, b) => (b.failed ?? 0) - (a.failed ?? 0))[0];
  const [kind] = Object.entries(worst?.failures ?? {}).sort(([, a], [, b]) => b - a);
  if (worst !== undefined && kind !== undefined) {
    steps.push(
      bad(
        `Look into the failures: ${count(kind[1])} of ${count(worst.failed ?? 0)} in phase ${phaseTitle(worst)} are ${kind[0].replaceAll('_', ' ')}.`,
      ),
    );
  }
  return steps;
}

function soonSteps(run: Run, findings: Findings): Sentence[] {
  const steps: Sentence[] = [];
  const n99 = smallestSupportedN(0.99);
  const small = resultPhases(run).filter((phase) => (answersOf(phase) ?? n99) < n99);
  if (small.length > 0) {
    steps.push(
      plain(
        `Lengthen ${small.map(phaseTitle).join(', ')}: a p99 takes at least ${count(n99)} right answers, ${count(Math.min(...small.map((phase) => answersOf(phase) ?? 0)))} were had.`,
      ),
    );
  }
  const undecided = resultPhases(run).filter((phase) => phase.steadiness?.outcome === 'undecided');
  if (undecided.length > 0) {
    steps.push(
      plain(
        `Lengthen ${undecided.map(phaseTitle).join(', ')}: in ${seconds(Math.max(...undecided.map((phase) => phase.duration_s ?? 0)))} at most it stayed open whether they were steady.`,
      ),
    );
  }
  if (findings.scaling !== null && findings.scaling.model === null) steps.push(plain(findings.scaling.refusal));
  return steps;
}

function laterSteps(run: Run): Sentence[] {
  const steps: Sentence[] = [];
  const longest = Math.max(0, ...resultPhases(run).map((phase) => phase.duration_s ?? 0));
  if (longest > 0 && longest < SOAK_MIN_S) {
    steps.push(plain(`Soak for hours: the longest phase lasted ${seconds(longest)}, in which no slow leak shows.`));
  }
  if (isLocal(run)) {
    steps.push(plain('Load it from another machine: here generator and service shared one, and no network was used.'));
  }
  if (run.phases.every((phase) => phase.rate === undefined)) {
    steps.push(plain('Load it at a fixed rate: closed users wait for answers, so they never overload a slow service.'));
  }
  return steps;
}

function planTable(run: Run, findings: Findings): Block {
  const target = `--target ${run.target?.url ?? 'URL'}`;
  const rows: string[][] = [];
  if (findings.verdict === 'INVALID') {
    rows.push([
      'The same again',
      `flts loadtest ${run.scenario?.name ?? 'SCENARIO'} ${target}`,
      'Do the figures hold?',
    ]);
  }
  if (findings.scaling?.model === undefined || findings.scaling.model === null) {
    rows.push(['Capacity', `flts loadtest capacity ${target}`, 'How does throughput scale, where is the knee?']);
  }
  if (run.phases.every((phase) => phase.name !== 'overload')) {
    rows.push(['Overload', `flts loadtest overload ${target}`, 'Does it shed and live at three times its capacity?']);
  }
  if (run.phases.every((phase) => phase.kind !== 'soak')) {
    rows.push(['Production', `flts loadtest production ${target}`, 'Does it recover from a spike, does it leak?']);
  }
  return figureTable(['Next test', 'Command', 'Question'], rows);
}

/** What to do now, soon and later, each with the figure that calls for it, and the tests that come next. */
export function nextStepsSection({ run }: RunBundle, findings: Findings): Section {
  const steps: Steps = { now: nowSteps(run, findings), soon: soonSteps(run, findings), later: laterSteps(run) };
  const part = (heading: string, items: Sentence[]): Block[] =>
    items.length === 0
      ? []
      : [
          { kind: 'heading', text: heading },
          { kind: 'list', items },
        ];
  const plan = planTable(run, findings);
  return {
    id: 'next-steps',
    title: 'Next steps',
    lead: 'What this run calls for, each with the figure that says so, and which test answers what it left open.',
    blocks: [
      ...part('Now', steps.now),
      ...part('Soon', steps.soon),
      ...part('Later', steps.later),
      ...(plan.kind === 'table' && plan.rows.length > 0
        ? [{ kind: 'heading' as const, text: 'Plan of the next tests' }, plan]
        : []),
    ],
  };
}
