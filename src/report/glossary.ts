import type { Report } from './model.js';

/** Terms of a report for readers who are not performance engineers, one line each; spellings separated by commas. */
export const GLOSSARY: Report['glossary'] = [
  [
    'p50, p95, p99',
    'half, 95 % and 99 % of the right answers came at least this fast; p99 tells what the unluckiest 1 % met',
  ],
  [
    'response time, response times',
    'from when a user was due to send until the answer was complete: what the user waits',
  ],
  ['throughput', 'right answers per second; a failed request is no throughput, however fast it failed'],
  ['users', 'each sends a request, waits for the answer, thinks (or not), sends the next'],
  ['success, success rate', 'share of requests that were answered rightly: status, content and values were checked'],
  ['interval', 'the range that holds the true figure in 95 of 100 such runs, if requests were independent'],
  ['n too small', 'so few answers that nothing but the largest seen can be named'],
  ['efficiency', 'throughput per user: it falls when users wait for each other'],
  ['lag', 'how late the generator was in sending; not a fault of the service'],
  [
    "Little's law",
    'users = throughput × (response + think time): if it does not hold, requests were lost in the books',
  ],
  ['queue wait', 'time a request waited inside the service before its work began'],
  ['queue', 'requests that were taken in and wait for their turn'],
  ['batch, Batch size', 'several requests that the model computes in one go'],
  ['service curve', 'how long the model takes for a batch: a fixed part, and a part for each row in it'],
  ['event loop, Event-loop lag', "the one thread that takes and answers requests; its lag is everyone's lag"],
  [
    'scalability law',
    'how throughput grows with users when they share and must agree (Gunther’s USL): λN / (1 + σ(N−1) + κN(N−1))',
  ],
  ['knee', 'the load from which on more load brings longer waits instead of more answers'],
  ['tier, tiers', 'a range of loads in which the service behaves alike: well, slowly, saturated'],
  ['saturated', 'at the limit: more users get no more answers per second'],
  ['steady', 'neither warming up nor drifting while a phase lasted'],
  ['soak', 'hours at a moderate load, to find what leaks or drifts'],
  ['generator', 'the program that plays the users'],
  ['readiness probes', 'asking the service once a second whether it can take requests'],
  ['INVALID', 'the instrument, not the service, failed: measure again'],
];
