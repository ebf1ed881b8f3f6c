import { environmentFacts, configurationSection } from './sections/configuration.js';
import { limitsSection, requirementsSection, validitySection } from './sections/judgement.js';
import { capacitySection, overTimeSection } from './sections/over-time.js';
import { resourcesSection, timelineSection } from './sections/resources.js';
import { answersSection, comparisonSection, resultsSection, timingSection } from './sections/results.js';
import { summarySection, verdictOf } from './sections/summary.js';
import type { Report, Section } from './model.js';
import type { RunBundle } from './run-bundle.js';

/** Terms of a report for readers who are not performance engineers, one line each. */
const GLOSSARY: Report['glossary'] = [
  [
    'p50, p95, p99',
    'half, 95 % and 99 % of the right answers came at least this fast; p99 tells what the unluckiest 1 % met',
  ],
  ['response time', 'from when a user was due to send until its answer was complete: what the user waits'],
  ['throughput', 'right answers per second; a failed request is no throughput, however fast it failed'],
  ['users', 'each sends a request, waits for the answer, thinks (or not), sends the next'],
  ['success', 'share of requests that were answered rightly: status, content and values were checked'],
  ['interval', 'the range that holds the true figure in 95 of 100 such runs, if requests were independent'],
  ['≥ …, n too small', 'so few answers that nothing but the largest seen can be named'],
  ['efficiency', 'throughput per user: it falls when users wait for each other'],
  ['lag', 'how late the generator itself was in sending; not a fault of the service'],
  [
    "Little's law",
    'users = throughput × (response + think time): if it does not hold, requests were lost in the books',
  ],
  ['queue wait', 'time a request waited inside the service before its work began'],
  ['event loop', "the one thread that takes and answers requests; its lag is everyone's lag"],
  ['INVALID', 'the instrument, not the service, failed: measure again'],
];

/** The report of a run: pure, everything in it follows from the bundle; sections without data are left out. */
export function buildReport(bundle: RunBundle): Report {
  const { run } = bundle;
  const { verdict, reasons } = verdictOf(run);
  const sections: (Section | null)[] = [
    summarySection(run),
    configurationSection(run),
    resultsSection(bundle),
    comparisonSection(run),
    capacitySection(run),
    timelineSection(bundle),
    overTimeSection(run),
    timingSection(run),
    resourcesSection(bundle),
    answersSection(run),
    requirementsSection(run),
    validitySection(run),
    limitsSection(bundle),
  ];
  return {
    title: `Load test report: ${run.scenario?.name ?? 'imported run'}`,
    verdict,
    verdictReasons: reasons,
    environment: environmentFacts(run),
    sections: sections.filter((section) => section !== null),
    glossary: GLOSSARY,
  };
}
