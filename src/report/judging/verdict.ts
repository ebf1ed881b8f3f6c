import type { Run } from '../../contract/index.js';
import type { Verdict } from '../model.js';

/** The verdict of a run and its reasons; where nothing was required, nothing was passed. */
export function verdictOf(run: Run): { readonly verdict: Verdict; readonly reasons: readonly string[] } {
  const requirements = run.requirements ?? [];
  const failed = requirements.filter((requirement) => requirement.outcome === 'not_met');
  const reasons =
    run.validity?.valid === false ? run.validity.reasons : failed.map(({ expression }) => `Not met: ${expression}.`);
  const isJudged = requirements.length > 0;
  return { verdict: run.verdict === 'PASSED' && !isJudged ? 'VALID' : (run.verdict ?? 'NOT JUDGED'), reasons };
}
