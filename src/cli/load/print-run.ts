import type { RunResult } from '../../loadtest/index.js';
import type { Terminal } from '../terminal.js';

/** What is needed of the report room, which only commands with a run load. */
type ReportRoom = Pick<typeof import('../../report/index.js'), 'phaseTable' | 'figureText'>;

/** The table that matters, the requirements, and the verdict with its reasons. */
export function printRun(
  terminal: Terminal,
  { run, folder }: RunResult,
  report: ReportRoom,
  paths: readonly string[],
): void {
  const table = report.phaseTable(run);
  terminal.line();
  terminal.table(table.columns, table.rows);
  terminal.line();
  for (const { expression, figure, outcome, actual, note } of run.requirements ?? []) {
    const sign = {
      met: terminal.style('green', 'met'),
      not_met: terminal.style('red', 'NOT MET'),
      undecided: terminal.style('yellow', 'undecided'),
    }[outcome];
    const measured = actual === null ? 'not measured' : `measured ${report.figureText(figure, actual)}`;
    terminal.line(`${sign}  ${expression}  (${measured}${note === null ? '' : `; ${note}`})`);
  }
  for (const reason of run.validity?.reasons ?? []) terminal.line(`${terminal.style('red', 'invalid')}  ${reason}`);
  for (const warning of run.validity?.warnings ?? [])
    terminal.line(`${terminal.style('yellow', 'warning')}  ${warning}`);
  const isJudged = (run.requirements ?? []).length > 0;
  const verdict = run.verdict === 'PASSED' && !isJudged ? 'VALID' : (run.verdict ?? 'PASSED');
  terminal.line(
    `${terminal.style(verdict === 'PASSED' || verdict === 'VALID' ? 'green' : 'red', terminal.style('bold', verdict))}${verdict === 'VALID' ? ' (nothing was required)' : ''}  run bundle ${folder}, report ${paths.join(', ')}`,
  );
}
