import type { Run } from '../../contract/index.js';
import { figureText } from '../figure-text.js';
import type { Check } from '../model.js';

const OUTCOMES = { met: 'passed', not_met: 'failed', undecided: 'undecided' } as const;

/** What had to hold in a run: that it is valid, and every requirement. */
export function checksOf(run: Run): Check[] {
  const { validity } = run;
  const checks: Check[] = (run.requirements ?? []).map((requirement) => ({
    group: 'requirements',
    name: requirement.expression,
    outcome: OUTCOMES[requirement.outcome],
    message: `${requirement.phase === null ? 'whole run' : `phase ${requirement.phase}`}: ${
      requirement.actual === null ? 'not measured' : `measured ${figureText(requirement.figure, requirement.actual)}`
    }${requirement.note === null ? '' : `; ${requirement.note}`}`,
  }));
  if (validity === undefined) return checks;
  return [
    {
      group: 'validity',
      name: 'the run is valid',
      outcome: validity.valid ? 'passed' : 'failed',
      message: validity.valid ? validity.warnings.join(' ') : validity.reasons.join(' '),
    },
    ...checks,
  ];
}
