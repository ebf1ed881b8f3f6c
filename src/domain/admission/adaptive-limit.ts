/**
 * A limit on requests in the system that follows the queue's delay.
 *
 * Over each interval the smallest queue wait is taken: bursts come and go, but a wait that never falls below the
 * target for a whole interval is a standing queue, which adds latency and no throughput.
 *
 *   standing:  limit ← max(minimum, limit · 0.9)                  (multiplicative decrease)
 *   otherwise: limit ← min(maximum, limit + √limit), if it was reached   (gentle increase)
 *
 * Sources: the minimum over an interval from Nichols, Jacobson, "Controlling Queue Delay" (CoDel, 2012); decrease and
 * increase from Chiu, Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance" (1989), with
 * the square-root step of adaptive concurrency limiters, which probes faster where the limit is large.
 */
export interface AdaptiveLimitRules {
  /** Queue wait that is still no standing queue, µs. */
  readonly targetWaitUs: number;
  readonly intervalUs: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface AdaptiveLimitState {
  readonly limit: number;
  /** Start of the running interval, µs. */
  readonly sinceUs: number;
  /** Smallest queue wait in it, µs; Infinity while none was seen. */
  readonly smallestWaitUs: number;
  /** Whether the limit held a request back, or was reached, in it. */
  readonly wasReached: boolean;
}

const DECREASE = 0.9;

export function initialAdaptiveLimit(rules: AdaptiveLimitRules, nowUs: number): AdaptiveLimitState {
  return { limit: rules.maximum, sinceUs: nowUs, smallestWaitUs: Number.POSITIVE_INFINITY, wasReached: false };
}

/** The state after one request that waited `waitUs` was dispatched while `inSystem` requests were there. */
export function nextAdaptiveLimit(
  state: AdaptiveLimitState,
  rules: AdaptiveLimitRules,
  sample: { readonly nowUs: number; readonly waitUs: number; readonly inSystem: number },
): AdaptiveLimitState {
  const smallestWaitUs = Math.min(state.smallestWaitUs, sample.waitUs);
  const wasReached = state.wasReached || sample.inSystem >= Math.floor(state.limit);
  if (sample.nowUs - state.sinceUs < rules.intervalUs) return { ...state, smallestWaitUs, wasReached };
  let { limit } = state;
  if (smallestWaitUs > rules.targetWaitUs) {
    // What is not there cannot be reduced: a limit far above the load falls to the load first.
    limit = Math.max(rules.minimum, Math.min(limit, sample.inSystem) * DECREASE);
  } else if (wasReached) {
    limit = Math.min(rules.maximum, limit + Math.sqrt(limit));
  }
  return { limit, sinceUs: sample.nowUs, smallestWaitUs: Number.POSITIVE_INFINITY, wasReached: false };
}
