import type { RunResult } from '../../loadtest/index.js';
import type { Terminal } from '../terminal.js';

type Table = ReturnType<typeof import('../../report/index.js').phaseTable>;

/** The table that matters, the requirements, and the verdict with its reasons. */
export function printRun(terminal: Terminal, { run, folder }: RunResult, table: Table, paths: readonly string[]): void {
  terminal.line();
  terminal.table(table.columns, table.rows);
  terminal.line();
  for (const { expression, outcome, actual, note } of run.requirements ?? []) {
    const sign = {
      met: terminal.style('green', 'met'),
      not_met: terminal.style('red', 'NOT MET'),
      undecided: terminal.style('yellow', 'undecided'),
    }[outcome];
    const measured = actual === null ? 'not measured' : `measured ${Number(actual.toPrecision(5))}`;
    terminal.line(`${sign}  ${expression}  (${measured}${note === null ? '' : `; ${note}`})`);
  }
  for (const reason of run.validity?.reasons ?? []) terminal.line(`${terminal.style('red', 'invalid')}  ${reason}`);
  for (const warning of run.validity?.warnings ?? [])
    terminal.line(`${terminal.style('yellow', 'warning')}  ${warning}`);
  const verdict = run.verdict ?? 'PASSED';
  terminal.line(
    `${terminal.style(verdict === 'PASSED' ? 'green' : 'red', terminal.style('bold', verdict))}  run bundle ${folder}, report ${paths.join(', ')}`,
  );
}
