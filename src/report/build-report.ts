import { diagnosisJson } from './evidence/diagnosis-json.js';
import { checksOf } from './judging/checks.js';
import { figuresOf } from './judging/figures.js';
import { findingsOf } from './findings.js';
import { GLOSSARY } from './glossary.js';
import type { Report } from './model.js';
import type { RunBundle } from './run-bundle.js';
import { buildSections } from './section-order.js';
import { CAPACITY_SECTIONS } from './sections/capacity/index.js';
import { CAUSE_SECTIONS } from './sections/causes/index.js';
import { environmentFacts } from './sections/outcome/configuration.js';
import { OUTCOME_SECTIONS } from './sections/outcome/index.js';
import { RESULT_SECTIONS } from './sections/results/index.js';

const BUILDERS = { ...OUTCOME_SECTIONS, ...RESULT_SECTIONS, ...CAUSE_SECTIONS, ...CAPACITY_SECTIONS };

/** The report of a run: pure, everything in it follows from the bundle; sections without data are left out. */
export function buildReport(bundle: RunBundle): Report {
  const findings = findingsOf(bundle);
  return {
    title: `Load test report: ${bundle.run.scenario?.name ?? 'imported run'}`,
    verdict: findings.verdict,
    verdictReasons: findings.verdictReasons,
    environment: environmentFacts(bundle.run),
    sections: buildSections(BUILDERS, bundle, findings),
    diagnosis: diagnosisJson(findings.diagnosis),
    figures: figuresOf(bundle.run),
    checks: checksOf(bundle.run),
    glossary: GLOSSARY,
  };
}
