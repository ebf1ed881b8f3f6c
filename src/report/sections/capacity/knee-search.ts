import type { Run, RunPhase } from '../../../contract/index.js';
import { perSecond } from '../../format.js';
import { bad, type Block, figureTable, good, warning } from '../../model.js';
import { percentileCell } from '../../percentile-cell.js';
import { successCell } from '../../phase-table.js';

/** What the search for the largest rate found, step by step; empty where there was none. */
export function searchBlocks(run: Run): Block[] {
  const capacity = run.capacity ?? null;
  if (capacity === null) return [];
  const { rate_per_s: rate, broken_per_s: broken, confirmed, requirement, note } = capacity;
  const text =
    rate === null
      ? bad(`No rate was found that keeps ${requirement}: ${note}.`)
      : (confirmed ? good : warning)(
          `${perSecond(rate)} requests per second keep ${requirement}${broken === null ? '' : `; ${perSecond(broken)} do not`} (${note}).`,
        );
  const figure = (name: string, say: (phase: RunPhase) => string): string => {
    const phase = run.phases.find((candidate) => candidate.name === name);
    return phase === undefined ? '–' : say(phase);
  };
  return [
    { kind: 'list', items: [text] },
    figureTable(
      ['Step', 'Rate /s', 'Success', 'p50 ms', 'p95 ms', 'Outcome'],
      capacity.steps.map((step) => [
        step.phase,
        perSecond(step.rate_per_s),
        figure(step.phase, successCell),
        figure(step.phase, (phase) => percentileCell(phase, 'p50')),
        figure(step.phase, (phase) => percentileCell(phase, 'p95')),
        step.outcome,
      ]),
      'Open arrivals at a constant rate; an invalid step says nothing of the service and was measured again. * carried by the lag of the generator itself.',
    ),
  ];
}
