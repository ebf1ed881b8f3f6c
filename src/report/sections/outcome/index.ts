import type { SectionBuilders } from '../../section-order.js';
import { conclusionSection } from './conclusion.js';
import { configurationSection } from './configuration.js';
import { limitsSection, requirementsSection, validitySection } from './judgement.js';
import { nextStepsSection } from './next-steps.js';
import { readinessSection } from './readiness.js';
import { summarySection } from './summary.js';

/** What was asked, whether it was met, and how far the answer can be trusted. */
export const OUTCOME_SECTIONS: SectionBuilders = {
  summary: summarySection,
  configuration: ({ run }) => configurationSection(run),
  requirements: ({ run }) => requirementsSection(run),
  readiness: readinessSection,
  'next-steps': nextStepsSection,
  conclusion: conclusionSection,
  validity: ({ run }) => validitySection(run),
  limits: (bundle) => limitsSection(bundle),
};
