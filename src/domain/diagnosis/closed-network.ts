/**
 * Throughput of a closed system: N users that think, and stations that their requests share. A station of m servers is
 * taken as one m times as fast after a fixed delay, the usual approximation.
 * Sources: Reiser & Lavenberg, "Mean-value analysis of closed multichain queuing networks", JACM 27 (1980); Seidmann,
 * Schweitzer & Shalev-Oren (1987) for m servers; Lazowska et al., "Quantitative System Performance", ch. 5, for bounds.
 */
export interface Station {
  /** Time that one request keeps a server of it, ms, ≥ 0. */
  readonly demandMs: number;
  /** ≥ 1. */
  readonly servers: number;
}

export interface ClosedSystem {
  readonly users: number;
  readonly thinkMs: number;
  /** Response time of a request that is alone, ms; the stations' demands are within it. */
  readonly aloneMs: number;
  readonly stations: readonly Station[];
}

export interface Bounds {
  readonly lower: number;
  readonly expected: number;
  readonly upper: number;
}

/** Beyond so many users the asymptote is the answer. */
const USERS_MAX = 100_000;

function perServer({ demandMs, servers }: Station): number {
  return demandMs / Math.max(1, servers);
}

/** Exact for exponential service: throughput per ms with these queueing demands and this fixed delay. */
function meanValueAnalysis(users: number, delayMs: number, demandsMs: readonly number[]): number {
  const queue = demandsMs.map(() => 0);
  let perMs = 0;
  for (let n = 1; n <= Math.min(users, USERS_MAX); n++) {
    const residence = demandsMs.map((demand, i) => demand * (1 + (queue[i] ?? 0)));
    const cycle = delayMs + residence.reduce((a, b) => a + b, 0);
    perMs = cycle > 0 ? n / cycle : 0;
    residence.forEach((ms, i) => {
      queue[i] = perMs * ms;
    });
  }
  return perMs;
}

/**
 * Throughput per second, `expected` with the one station that is loaded most, `lower` with a second one that queues as
 * well, `upper` by the asymptotes: no user faster than alone, no station busier than always.
 */
export function closedThroughput({ users, thinkMs, aloneMs, stations }: ClosedSystem): Bounds {
  const demands = stations.map(perServer).sort((a, b) => b - a);
  const queued = (count: number): number => {
    const taken = demands.slice(0, count);
    const delayMs = thinkMs + Math.max(0, aloneMs - taken.reduce((a, b) => a + b, 0));
    return meanValueAnalysis(users, delayMs, taken) * 1000;
  };
  const alone = users / Math.max(1e-6, thinkMs + aloneMs);
  const upper = Math.min(alone, ...demands.filter((demand) => demand > 0).map((demand) => 1 / demand)) * 1000;
  const expected = Math.min(upper, queued(1));
  return { lower: Math.min(expected, queued(2)), expected, upper };
}
