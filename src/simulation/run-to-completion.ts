import { runTimeUs, type ServiceCurve } from '../domain/batching/index.js';
import type { TrafficArrival } from './simulate-traffic.js';

/**
 * The scheduler to compare with: first come, first served, with early replies. A batch takes the requests that have
 * waited longest and keeps its worker until its longest is done; each is answered when its own steps are done and
 * leaves the batch, but nobody takes its place. One worker. Answers response times, µs, in order of arrival.
 */
export function runToCompletion(
  arrivals: readonly TrafficArrival[],
  curve: ServiceCurve,
  maxRows: number,
): { readonly responsesUs: readonly number[]; readonly endUs: number } {
  const responsesUs = new Array<number>(arrivals.length);
  let nowUs = 0;
  let first = 0;
  while (first < arrivals.length) {
    nowUs = Math.max(nowUs, arrivals[first]?.atUs ?? 0);
    let end = first;
    while (end < arrivals.length && end - first < maxRows && (arrivals[end]?.atUs ?? 0) <= nowUs) end++;
    let open = Array.from({ length: end - first }, (_, i) => first + i);
    for (let step = 1; open.length > 0; step++) {
      nowUs += runTimeUs(curve, open.length);
      open = open.filter((i) => {
        const { atUs, horizon } = arrivals[i] ?? { atUs: nowUs, horizon: step };
        if (horizon > step) return true;
        responsesUs[i] = nowUs - atUs;
        return false;
      });
    }
    first = end;
  }
  return { responsesUs, endUs: nowUs };
}

/** Requests per second that it finishes when there are always more than fit into a batch. */
export function runToCompletionCapacity(horizons: readonly number[], curve: ServiceCurve, maxRows: number): number {
  const { endUs } = runToCompletion(
    horizons.map((horizon) => ({ atUs: 0, horizon })),
    curve,
    maxRows,
  );
  return (horizons.length * 1e6) / endUs;
}
