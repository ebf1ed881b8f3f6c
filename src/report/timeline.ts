import type { RunSample } from '../contract/index.js';
import type { SampleFold, TimelinePoint } from './run-bundle.js';

/** Stretches of a timeline at most; longer runs get longer stretches. */
const POINTS_MAX = 120;
/** Percentiles of fewer answers are not drawn. */
const ANSWERS_MIN = 20;
const SECONDS_MAX = 7 * 24 * 3600;

interface Second {
  readonly responsesMs: number[];
  failed: number;
}

/** Sorts samples into seconds by completion, then into at most 120 stretches. */
export class TimelineBuilder implements SampleFold {
  readonly #seconds = new Map<number, Second>();

  add(sample: RunSample): void {
    if (sample.extra === true) return; // kept because it was slow: it would bend the percentiles
    const second = Math.floor(sample.done_us / 1e6);
    if (!(second >= 0 && second < SECONDS_MAX)) return;
    let entry = this.#seconds.get(second);
    if (entry === undefined) {
      entry = { responsesMs: [], failed: 0 };
      this.#seconds.set(second, entry);
    }
    if (sample.failure === null) entry.responsesMs.push((sample.done_us - sample.intended_us) / 1000);
    else entry.failed++;
  }

  points(): TimelinePoint[] {
    if (this.#seconds.size === 0) return [];
    const first = Math.min(...this.#seconds.keys());
    const last = Math.max(...this.#seconds.keys());
    const width = Math.max(1, Math.ceil((last - first + 1) / POINTS_MAX));
    const points: TimelinePoint[] = [];
    for (let from = first; from <= last; from += width) points.push(this.#stretch(from, width));
    return points;
  }

  #stretch(from: number, width: number): TimelinePoint {
    const responses: number[] = [];
    let failed = 0;
    for (let second = from; second < from + width; second++) {
      const entry = this.#seconds.get(second);
      if (entry === undefined) continue;
      for (const ms of entry.responsesMs) responses.push(ms);
      failed += entry.failed;
    }
    responses.sort((a, b) => a - b);
    const at = (p: number): number | null =>
      responses.length < ANSWERS_MIN ? null : (responses[Math.ceil(responses.length * p) - 1] ?? null);
    return {
      atS: from + width / 2,
      requestsPerS: (responses.length + failed) / width,
      failed,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
    };
  }
}
