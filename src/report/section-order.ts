import type { Findings } from './findings.js';
import type { Section } from './model.js';
import type { RunBundle } from './run-bundle.js';

/** Every section a report can have, in the order in which they are read. */
const SECTION_ORDER = [
  'summary',
  'configuration',
  'results',
  'comparison',
  'resources',
  'answers',
  'timeline',
  'over-time',
  'timing',
  'attribution',
  'bottleneck',
  'capacity',
  'tiers',
  'requirements',
  'readiness',
  'paths',
  'recommendations',
  'next-steps',
  'validity',
  'conclusion',
  'limits',
] as const;

export type SectionId = (typeof SECTION_ORDER)[number];

/** Builds a section from a bundle and what was found in it; null where the bundle has no data for it. */
export type SectionBuilder = (bundle: RunBundle, findings: Findings) => Section | null;

/** The builders of one folder of `sections/`, by the place of their section. */
export type SectionBuilders = Readonly<Partial<Record<SectionId, SectionBuilder>>>;

/** The sections of the bundle that have data, in order. */
export function buildSections(builders: SectionBuilders, bundle: RunBundle, findings: Findings): Section[] {
  return SECTION_ORDER.flatMap((id) => {
    const section = builders[id]?.(bundle, findings) ?? null;
    return section === null ? [] : [section];
  });
}
