import { fitLine, medianOf, runTimeUs, type ServiceCurve } from '../batching/index.js';
import type { Estimate } from './capacity-model.js';

/** Durations kept of each batch size, drawn evenly from all of them. */
const KEPT_MAX = 200;
/** Different batch sizes at most; later ones are left out. */
const SIZES_MAX = 256;
/** The median of fewer batches is a whim. */
const BATCHES_MIN = 5;
/** A line through fewer sizes fits whatever they are. */
const SIZES_MIN = 3;
const RESAMPLES = 200;
const TAIL = 0.025;

/** A size of batch that was met. */
export interface BatchSize {
  readonly rows: number;
  readonly medianMs: number;
  readonly batches: number;
}

/** Time of one run of the model as a line over the rows of its batch. */
export interface ModelRunCurve {
  readonly kind: 'curve';
  /** Whatever the rows, ms. */
  readonly perRunMs: Estimate;
  /** For each row, ms. */
  readonly perRowMs: Estimate;
  /** Ascending by rows. */
  readonly sizes: readonly BatchSize[];
  /** Largest distance of a median from the line, as a share of the median. */
  readonly errorMax: number;
}

/** Why there is no line, as the end of "not measured: …". */
export interface NoModelRunCurve {
  readonly kind: 'none';
  readonly reason: string;
}

interface Group {
  readonly keptMs: number[];
  /** Requests that were in batches of this size. */
  requests: number;
}

/**
 * Gathers how long the model ran for requests and with how many rows, and draws the line a + b·n through the medians of
 * equal batches, as the service does while serving. Every request of a batch tells of the same run, so n of them count
 * as one. Intervals (95 %) by drawing batches anew within each size. Source: Efron, "Bootstrap Methods" (1979).
 */
export class ModelRuns {
  readonly #groups = new Map<number, Group>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** One request's model run: `rows` of its batch (≥ 1), `ms` it took (≥ 0); anything else is left out. */
  add(rows: number, ms: number): void {
    if (!(rows >= 1 && ms >= 0)) return;
    let group = this.#groups.get(rows);
    if (group === undefined) {
      if (this.#groups.size === SIZES_MAX) return;
      group = { keptMs: [], requests: 0 };
      this.#groups.set(rows, group);
    }
    group.requests++;
    if (group.keptMs.length < KEPT_MAX) group.keptMs.push(ms);
    else {
      const place = Math.floor(this.#random() * group.requests);
      if (place < KEPT_MAX) group.keptMs[place] = ms;
    }
  }

  curve(): ModelRunCurve | NoModelRunCurve {
    if (this.#groups.size === 0) return { kind: 'none', reason: 'no answer says how long the model ran' };
    const sizes = [...this.#groups]
      .map(([rows, { keptMs, requests }]) => ({ rows, keptMs, batches: requests / rows }))
      .filter(({ batches }) => batches >= BATCHES_MIN)
      .sort((a, b) => a.rows - b.rows);
    if (sizes.length < SIZES_MIN) {
      return {
        kind: 'none',
        reason: `batches came in ${sizes.length} ${sizes.length === 1 ? 'size' : 'sizes'} only, and a line takes ${SIZES_MIN}`,
      };
    }
    const medians = sizes.map(({ rows, keptMs, batches }) => ({
      rows,
      batches: Math.round(batches),
      medianMs: medianOf(keptMs),
    }));
    const line = lineThrough(medians);
    const drawn = Array.from({ length: RESAMPLES }, () =>
      lineThrough(
        sizes.map(({ rows, keptMs, batches }) => ({ rows, batches, medianMs: this.#drawn(keptMs, batches) })),
      ),
    );
    const estimate = (of: (line: ServiceCurve) => number): Estimate => {
      const sorted = drawn.map(of).sort((a, b) => a - b);
      const at = (share: number): number => sorted[Math.floor(share * (RESAMPLES - 1))] ?? 0;
      return { value: of(line) / 1000, lower: at(TAIL) / 1000, upper: at(1 - TAIL) / 1000 };
    };
    const errors = medians.map(
      ({ rows, medianMs }) => Math.abs(runTimeUs(line, rows) / 1000 - medianMs) / Math.max(medianMs, Number.MIN_VALUE),
    );
    return {
      kind: 'curve',
      perRunMs: estimate(({ perRunUs }) => perRunUs),
      perRowMs: estimate(({ perRowUs }) => perRowUs),
      sizes: medians,
      errorMax: Math.max(...errors),
    };
  }

  /** The median of as many durations as there were batches, drawn with replacement. */
  #drawn(keptMs: readonly number[], batches: number): number {
    const count = Math.min(keptMs.length, Math.max(1, Math.round(batches)));
    return medianOf(Array.from({ length: count }, () => keptMs[Math.floor(this.#random() * keptMs.length)] ?? 0));
  }
}

function lineThrough(sizes: readonly BatchSize[]): ServiceCurve {
  return fitLine(sizes.map(({ rows, medianMs, batches }) => ({ rows, medianUs: medianMs * 1000, weight: batches })));
}
