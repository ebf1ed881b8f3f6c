import type { SectionBuilders } from '../../section-order.js';
import { degradationSection } from './degradation.js';
import { pathsSection } from './paths.js';
import { capacitySection } from './scaling.js';

/** How much the service carries, and what would carry more. */
export const CAPACITY_SECTIONS: SectionBuilders = {
  capacity: capacitySection,
  tiers: (_, findings) => degradationSection(findings),
  paths: (bundle) => pathsSection(bundle),
};
