import type { Report } from './model.js';

/** Terms of a report for readers who are not performance engineers, one line each. */
export const GLOSSARY: Report['glossary'] = [
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
