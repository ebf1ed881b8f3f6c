import type { SectionBuilders } from '../../section-order.js';
import { answersSection } from './answers.js';
import { comparisonSection } from './comparison.js';
import { overTimeSection } from './over-time.js';
import { resultsSection } from './phase-results.js';
import { resourcesSection } from './resources.js';
import { timelineSection } from './timeline.js';

/** What was measured. */
export const RESULT_SECTIONS: SectionBuilders = {
  results: resultsSection,
  comparison: ({ run }) => comparisonSection(run),
  resources: (bundle) => resourcesSection(bundle),
  answers: ({ run }) => answersSection(run),
  timeline: (bundle) => timelineSection(bundle),
  'over-time': ({ run }) => overTimeSection(run),
};
