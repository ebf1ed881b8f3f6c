import type { ErrorCode } from '../../contract/index.js';
import type { VersionFigures } from '../../domain/rollout/index.js';

/** Buckets of response times: four to each doubling from 1 µs on, so that a percentile is known to within a fifth. */
const BUCKETS_PER_DOUBLING = 4;
const BUCKETS = 40 * BUCKETS_PER_DOUBLING;

/** Failures that are the version's own; what the client got wrong, and what was shed before it began, is not. */
const OWN_FAILURES: ReadonlySet<ErrorCode> = new Set(['FLTS_INTERNAL', 'FLTS_WORKER_FAILED', 'FLTS_DEADLINE']);

/** Counts how the requests of one model version ended, since it was loaded. */
export class VersionTally {
  answered = 0;
  failed = 0;
  notFinite = 0;
  readonly #responses = new Uint32Array(BUCKETS);

  noteAnswered(responseUs: number): void {
    this.answered++;
    const bucket = Math.floor(Math.log2(Math.max(1, responseUs)) * BUCKETS_PER_DOUBLING);
    const at = Math.min(BUCKETS - 1, bucket);
    this.#responses[at] = (this.#responses[at] ?? 0) + 1;
  }

  noteFailed(code: ErrorCode): void {
    if (code === 'FLTS_NON_FINITE_OUTPUT') this.notFinite++;
    else if (OWN_FAILURES.has(code)) this.failed++;
  }

  /** What the rule of rollbacks compares. */
  figures(): VersionFigures {
    const { answered, failed, notFinite } = this;
    return { answered, failed, notFinite, responseUsP95: this.#percentileUs(0.95) };
  }

  /** Upper end of the bucket in which the share `q` of the answers is reached, µs; 0 before the first answer. */
  #percentileUs(q: number): number {
    let left = Math.ceil(q * this.answered);
    for (const [bucket, count] of this.#responses.entries()) {
      if (left <= 0) break;
      left -= count;
      if (left <= 0) return 2 ** ((bucket + 1) / BUCKETS_PER_DOUBLING);
    }
    return 0;
  }
}
