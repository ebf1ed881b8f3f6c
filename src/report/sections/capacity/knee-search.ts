import type { Run } from '../../../contract/index.js';
import { perSecond } from '../../format.js';
import { bad, figureTable, good, type Section, warning } from '../../model.js';

/** What the search for the largest rate found; null where there was none. */
export function capacitySection(run: Run): Section | null {
  const capacity = run.capacity ?? null;
  if (capacity === null) return null;
  const { rate_per_s: rate, broken_per_s: broken, confirmed, requirement, note } = capacity;
  const text =
    rate === null
      ? bad(`No rate was found that keeps ${requirement}: ${note}.`)
      : (confirmed ? good : warning)(
          `${perSecond(rate)} requests per second keep ${requirement}${broken === null ? '' : `; ${perSecond(broken)} do not`} (${note}).`,
        );
  return {
    id: 'capacity',
    title: 'Capacity',
    blocks: [
      { kind: 'list', items: [text] },
      figureTable(
        ['Step', 'Rate /s', 'Outcome'],
        capacity.steps.map((step) => [step.phase, perSecond(step.rate_per_s), step.outcome]),
        'Open arrivals at a constant rate; an invalid step says nothing of the service and was measured again.',
      ),
    ],
  };
}
