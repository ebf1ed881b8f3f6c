import type { SectionBuilders } from '../../section-order.js';
import { attributionSection } from './attribution.js';
import { bottleneckSection } from './bottleneck.js';
import { recommendationsSection } from './recommendations.js';
import { timingSection } from './timing.js';

/** Where the time goes and why. */
export const CAUSE_SECTIONS: SectionBuilders = {
  timing: ({ run }) => timingSection(run),
  attribution: (bundle) => attributionSection(bundle),
  bottleneck: (_, { diagnosis }) => bottleneckSection(diagnosis),
  recommendations: (_, { diagnosis }) => recommendationsSection(diagnosis),
};
