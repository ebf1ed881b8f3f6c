/**
 * Throughput of a closed system: N users that think, and stations that their requests share. A queue of m servers is
 * taken as one m times as fast after a fixed delay, the usual approximation. A station of several queues (processes,
 * replicas, generators) has its users spread evenly over them: who waits in one cannot be served by another.
 * Sources: Reiser & Lavenberg, "Mean-value analysis of closed multichain queuing networks", JACM 27 (1980); Seidmann,
 * Schweitzer & Shalev-Oren (1987) for m servers; Lazowska et al., "Quantitative System Performance", ch. 5, for bounds.
 */
export interface Station {
  /** Time that one request keeps a server of it, ms, ≥ 0. */
  readonly demandMs: number;
  /** Of all queues together, ≥ 1. */
  readonly servers: number;
  /** Separate queues that the servers are shared out to; 1 where it is not given. */
  readonly queues?: number;
}

/** Twice the processes, replicas or generators: as many servers more, in queues of their own. */
export function doubled(station: Station): Station {
  return { ...station, servers: station.servers * 2, queues: (station.queues ?? 1) * 2 };
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

interface Queue {
  /** Time that one request keeps one queue as a whole. */
  readonly demandMs: number;
  readonly copies: number;
}

function perServer({ demandMs, servers }: Station): number {
  return demandMs / Math.max(1, servers);
}

function queueOf(station: Station): Queue {
  const copies = Math.max(1, Math.min(station.queues ?? 1, station.servers));
  return { demandMs: perServer(station) * copies, copies };
}

/** Exact for exponential service: throughput per ms with these queues, a fixed delay, and a whole number of users. */
function wholeUsers(users: number, delayMs: number, queues: readonly Queue[]): number {
  const waiting = queues.map(() => 0);
  let perMs = 0;
  for (let n = 1; n <= Math.min(users, USERS_MAX); n++) {
    const residence = queues.map(({ demandMs, copies }, i) => demandMs * (1 + (waiting[i] ?? 0) / copies));
    const cycle = delayMs + residence.reduce((a, b) => a + b, 0);
    perMs = cycle > 0 ? n / cycle : 0;
    residence.forEach((ms, i) => {
      waiting[i] = perMs * ms;
    });
  }
  return perMs;
}

/** One station of which each queue has its own users, as evenly as they divide. */
function ownUsers(users: number, delayMs: number, { demandMs, copies }: Queue): number {
  const share = Math.floor(users / copies);
  const more = users - share * copies;
  const queue = [{ demandMs, copies: 1 }];
  return (
    more * wholeUsers(share + 1, delayMs, queue) +
    (copies - more) * (share === 0 ? 0 : wholeUsers(share, delayMs, queue))
  );
}

/**
 * Throughput per second, `expected` with the one station that is loaded most, `lower` with a second one that queues as
 * well, `upper` by the asymptotes: no user faster than alone, no station busier than always.
 */
export function closedThroughput({ users, thinkMs, aloneMs, stations }: ClosedSystem): Bounds {
  const loaded = stations.toSorted((a, b) => perServer(b) - perServer(a));
  const demands = loaded.map(perServer);
  const queued = (count: number): number => {
    const taken = loaded.slice(0, count).map(queueOf);
    const delayMs = thinkMs + Math.max(0, aloneMs - taken.reduce((sum, { demandMs }) => sum + demandMs, 0));
    const [one] = taken;
    const perMs = one !== undefined && count === 1 ? ownUsers(users, delayMs, one) : wholeUsers(users, delayMs, taken);
    return perMs * 1000;
  };
  const alone = users / Math.max(1e-6, thinkMs + aloneMs);
  const upper = Math.min(alone, ...demands.filter((demand) => demand > 0).map((demand) => 1 / demand)) * 1000;
  const expected = Math.min(upper, queued(1));
  return { lower: Math.min(expected, queued(2)), expected, upper };
}
