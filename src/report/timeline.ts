import { PERCENTILES, type RunSample } from '../contract/index.js';
import { smallestSupportedN } from '../domain/stats/index.js';
import type { SampleFold, TimelinePoint } from './run-bundle.js';

/** Stretches of a timeline at most; longer runs get longer stretches. */
const POINTS_MAX = 120;
/** A run of few answers gets longer stretches, but not fewer of them than these. */
const POINTS_MIN = 12;
/** A median of fewer answers is not drawn; higher percentiles need what their interval needs. */
const MEDIAN_ANSWERS_MIN = 20;
const P95_ANSWERS_MIN = smallestSupportedN(PERCENTILES.p95);
const P99_ANSWERS_MIN = smallestSupportedN(PERCENTILES.p99);
const SECONDS_MAX = 7 * 24 * 3600;

interface Second {
  readonly responsesMs: number[];
  readonly failures: Map<string, number>;
}

/** Sorts samples into seconds by completion, then into at most 120 stretches. */
export class TimelineBuilder implements SampleFold {
  readonly #seconds = new Map<number, Second>();
  #answers = 0;

  add(sample: RunSample): void {
    if (sample.extra === true) return; // kept because it was slow: it would bend the percentiles
    const second = Math.floor(sample.done_us / 1e6);
    if (!(second >= 0 && second < SECONDS_MAX)) return;
    let entry = this.#seconds.get(second);
    if (entry === undefined) {
      entry = { responsesMs: [], failures: new Map() };
      this.#seconds.set(second, entry);
    }
    if (sample.failure === null) {
      this.#answers++;
      entry.responsesMs.push((sample.done_us - sample.intended_us) / 1000);
    } else entry.failures.set(sample.failure, (entry.failures.get(sample.failure) ?? 0) + 1);
  }

  points(): TimelinePoint[] {
    if (this.#seconds.size === 0) return [];
    let first = Infinity;
    let last = -Infinity;
    for (const second of this.#seconds.keys()) {
      first = Math.min(first, second);
      last = Math.max(last, second);
    }
    const length = last - first + 1;
    const forP95 = Math.ceil((P95_ANSWERS_MIN * length) / Math.max(1, this.#answers));
    const width = Math.max(1, Math.ceil(length / POINTS_MAX), Math.min(forP95, Math.floor(length / POINTS_MIN)));
    const points: TimelinePoint[] = [];
    for (let from = first; from <= last; from += width) points.push(this.#stretch(from, width));
    return points;
  }

  #stretch(from: number, width: number): TimelinePoint {
    const responses: number[] = [];
    const failures: Record<string, number> = {};
    for (let second = from; second < from + width; second++) {
      const entry = this.#seconds.get(second);
      if (entry === undefined) continue;
      for (const ms of entry.responsesMs) responses.push(ms);
      for (const [kind, count] of entry.failures) failures[kind] = (failures[kind] ?? 0) + count;
    }
    responses.sort((a, b) => a - b);
    const at = (p: number, answersMin: number): number | null =>
      responses.length < answersMin ? null : (responses[Math.ceil(responses.length * p) - 1] ?? null);
    const failed = Object.values(failures).reduce((a, b) => a + b, 0);
    return {
      atS: from + width / 2,
      widthS: width,
      requestsPerS: (responses.length + failed) / width,
      failed,
      failures,
      p50Ms: at(PERCENTILES.p50, MEDIAN_ANSWERS_MIN),
      p95Ms: at(PERCENTILES.p95, P95_ANSWERS_MIN),
      p99Ms: at(PERCENTILES.p99, P99_ANSWERS_MIN),
    };
  }
}
