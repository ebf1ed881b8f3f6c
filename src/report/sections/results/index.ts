import type { SectionBuilders } from '../../section-order.js';
import { overTimeSection } from './over-time.js';
import { answersSection, comparisonSection, resultsSection } from './phase-results.js';
import { resourcesSection, timelineSection } from './resources.js';

/** What was measured. */
export const RESULT_SECTIONS: SectionBuilders = {
  results: (bundle) => resultsSection(bundle),
  comparison: ({ run }) => comparisonSection(run),
  resources: (bundle) => resourcesSection(bundle),
  answers: ({ run }) => answersSection(run),
  timeline: (bundle) => timelineSection(bundle),
  'over-time': ({ run }) => overTimeSection(run),
};
