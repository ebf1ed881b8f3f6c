import type { SectionBuilders } from '../../section-order.js';
import { capacitySection } from './knee-search.js';

/** How much the service carries, and what would carry more. */
export const CAPACITY_SECTIONS: SectionBuilders = {
  capacity: ({ run }) => capacitySection(run),
};
