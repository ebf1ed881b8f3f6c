import type { RunSample } from '../../contract/index.js';
import { type CohortSet, cohortsOf, RequestLog } from '../../domain/attribution/index.js';
import type { SampleFold } from '../run-bundle.js';

/** Phases and, of each, replicas that are told apart at most. */
const PHASES_MAX = 200;
const REPLICAS_MAX = 12;

const EMPTY: CohortSet[] = [];

/** Sorts right answers by phase, and answers where the time of their cohorts went. */
export class AttributionBuilder implements SampleFold {
  readonly #logs = new Map<string, RequestLog>();

  add(sample: RunSample): void {
    // Samples beyond the reservoir were kept because they were slow: they would bend the percentiles.
    if (sample.failure !== null || sample.extra === true) return;
    let log = this.#logs.get(sample.phase);
    if (log === undefined) {
      if (this.#logs.size === PHASES_MAX) return;
      log = new RequestLog();
      this.#logs.set(sample.phase, log);
    }
    log.add({
      responseMs: (sample.done_us - sample.intended_us) / 1000,
      lateMs: (sample.sent_us - sample.intended_us - sample.connection_wait_us) / 1000,
      timingMs: sample.timing_ms ?? null,
      batchRows: sample.batch_rows ?? 0,
      replica: sample.replica ?? '',
    });
  }

  /** By phase: the cohorts of all replicas together, then of each where there are several. */
  sets(): Map<string, readonly CohortSet[]> {
    return new Map(
      [...this.#logs].map(([phase, log]) => {
        const numbers = log.replicas.length < 2 ? [] : log.replicas.slice(0, REPLICAS_MAX).map((_, i) => i);
        return [phase, log.size === 0 ? EMPTY : [cohortsOf(log), ...numbers.map((number) => cohortsOf(log, number))]];
      }),
    );
  }
}
