import type { Terminal } from '../terminal.js';

type Fact = readonly [label: string, value: string];

/** What the report room says of a plan. */
interface PlanTexts {
  readonly facts: readonly Fact[];
  readonly target: string;
  readonly plan: readonly Fact[];
  readonly refusal: string | null;
  readonly pathTitles: readonly string[];
  readonly paths: readonly (readonly string[])[];
  readonly assumptions: readonly string[];
}

const LABEL_WIDTH = 10;

/** What was fitted, what the target takes, the ways to it, and what is assumed. */
export function printPlan(terminal: Terminal, texts: PlanTexts, written: readonly string[]): void {
  const fact = ([label, value]: Fact): void => {
    terminal.labelled(label, value, 'dim', LABEL_WIDTH);
  };
  texts.facts.forEach(fact);
  terminal.line();
  terminal.line(terminal.style('bold', `For ${texts.target}`));
  texts.plan.forEach(fact);
  if (texts.refusal !== null) terminal.labelled('NO PLAN', texts.refusal, 'red', LABEL_WIDTH);
  if (texts.paths.length > 0) {
    terminal.line();
    terminal.table(
      texts.pathTitles.map((title, i) => ({
        title,
        align: i === 0 || i >= texts.pathTitles.length - 2 ? 'left' : 'right',
      })),
      texts.paths,
    );
  }
  if (texts.assumptions.length > 0) terminal.line();
  for (const text of texts.assumptions) terminal.labelled('assumed', text, 'yellow', LABEL_WIDTH);
  if (written.length > 0) terminal.line(`written: ${written.join(', ')}`);
}
