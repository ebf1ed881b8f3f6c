/**
 * Where the time of one request went. The parts are contiguous and sum to its response time: what the generator was
 * late, what lies outside the server, and what the server says of itself in `Server-Timing`.
 */
export const PARTS = [
  'generator',
  'client+network',
  'recv',
  'parse',
  'prep',
  'queue',
  'exec',
  'lag',
  'post',
  'other',
  'unsplit',
] as const;
export type Part = (typeof PARTS)[number];

/** Mean or single ms by part, in the order of `PARTS`. */
export type PartTimes = Readonly<Record<Part, number>>;

/** What each part means, for those who are not performance engineers. */
export const PART_MEANINGS: Readonly<Record<Part, string>> = {
  generator: 'the load generator sent the request later than due: no fault of the service',
  'client+network':
    'waiting for a connection, the way there and back, and waiting until the server took the request up',
  recv: 'until the body of the request was there',
  parse: 'reading the body as JSON',
  prep: 'checking the request and forming the model input',
  queue: 'waiting for a free worker',
  exec: 'in the model',
  lag: 'the HTTP thread was busy with others: before it took up the body, or after the model was done',
  post: 'forming the answer',
  other: 'inside the server, in no part that it names',
  unsplit: 'the whole service time of answers without Server-Timing',
};

/** Parts that the server names itself. */
const SERVER_PARTS = ['recv', 'parse', 'prep', 'queue', 'exec', 'lag', 'post'] as const;

/** One right answer as it was timed, ms. */
export interface TimedRequest {
  readonly responseMs: number;
  /** sent − intended − connection wait. */
  readonly lateMs: number;
  /** Server-Timing durations by name; null where the answer carried none. */
  readonly timingMs: Readonly<Record<string, number>> | null;
}

const positive = (value: number | undefined): number =>
  value !== undefined && Number.isFinite(value) && value > 0 ? value : 0;

/**
 * Splits one request. A server that says more than the client saw (clocks of two machines never meet, but durations
 * can be wrong) is cut to what the client saw, so that the parts still sum to the response time.
 */
export function splitRequest({ responseMs, lateMs, timingMs }: TimedRequest): PartTimes {
  const response = positive(responseMs);
  const generator = Math.min(response, positive(lateMs));
  const service = response - generator;
  const parts: Record<Part, number> = {
    generator,
    'client+network': 0,
    recv: 0,
    parse: 0,
    prep: 0,
    queue: 0,
    exec: 0,
    lag: 0,
    post: 0,
    other: 0,
    unsplit: 0,
  };
  const named = timingMs === null ? 0 : SERVER_PARTS.reduce((sum, part) => sum + positive(timingMs[part]), 0);
  const total = Math.max(named, positive(timingMs?.['total']));
  if (timingMs === null || total === 0) return { ...parts, unsplit: service };
  const scale = total > service ? service / total : 1;
  for (const part of SERVER_PARTS) parts[part] = positive(timingMs[part]) * scale;
  parts.other = (total - named) * scale;
  parts['client+network'] = Math.max(0, service - total * scale);
  return parts;
}
