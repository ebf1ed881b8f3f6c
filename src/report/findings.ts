import type { Diagnosis } from '../domain/diagnosis/index.js';
import type { Verdict } from './model.js';
import { diagnoseBundle } from './observe-phases.js';
import type { RunBundle } from './run-bundle.js';
import { verdictOf } from './verdict.js';

/** What is concluded from a bundle, computed once: several sections say parts of it. */
export interface Findings {
  readonly verdict: Verdict;
  /** Why the verdict is what it is. */
  readonly verdictReasons: readonly string[];
  readonly diagnosis: Diagnosis;
}

/** Pure: everything follows from the bundle. */
export function findingsOf(bundle: RunBundle): Findings {
  const { verdict, reasons } = verdictOf(bundle.run);
  return { verdict, verdictReasons: reasons, diagnosis: diagnoseBundle(bundle) };
}
