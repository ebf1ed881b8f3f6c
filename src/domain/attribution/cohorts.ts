import type { RequestLog } from './request-log.js';
import { type Part, PARTS, type PartTimes } from './request-parts.js';

/**
 * The requests around a percentile, and where their time went: what a p99 is made of. A mean over the whole phase
 * hides it, because the slowest requests are slow for other reasons than the rest.
 */
export const COHORTS = [
  { name: 'p50', percentile: 0.5, halfWidth: 0.025 },
  { name: 'p95', percentile: 0.95, halfWidth: 0.01 },
  { name: 'p99', percentile: 0.99, halfWidth: 0.005 },
] as const;
export type CohortName = (typeof COHORTS)[number]['name'];

/** Fewer requests are not averaged. */
const COHORT_REQUESTS_MIN = 5;

export interface Cohort {
  readonly name: CohortName;
  readonly requests: number;
  /** Mean over the cohort, ms; the parts sum to it. */
  readonly responseMs: number;
  readonly partsMs: PartTimes;
  /** Mean rows of the batches that they were run in; null where no answer said. */
  readonly batchRows: number | null;
  /** Share of the cohort that each replica answered, by name. */
  readonly replicas: Readonly<Record<string, number>>;
}

export interface CohortSet {
  /** Null: all replicas together. */
  readonly replica: string | null;
  readonly requests: number;
  /** Means over all requests. */
  readonly all: { readonly responseMs: number; readonly partsMs: PartTimes; readonly batchRows: number | null };
  /** Only those with at least 5 requests. */
  readonly cohorts: readonly Cohort[];
}

function meanOf(log: RequestLog, rows: Uint32Array): CohortSet['all'] {
  const sums = new Map<Part, number>(PARTS.map((part) => [part, 0]));
  let response = 0;
  let batch = 0;
  let batched = 0;
  for (const number of rows) {
    const row = log.row(number);
    response += row.responseMs;
    for (const part of PARTS) sums.set(part, (sums.get(part) ?? 0) + row.parts[part]);
    if (row.batchRows > 0) {
      batch += row.batchRows;
      batched++;
    }
  }
  const n = Math.max(1, rows.length);
  return {
    responseMs: response / n,
    partsMs: Object.fromEntries([...sums].map(([part, sum]) => [part, sum / n])) as unknown as PartTimes,
    batchRows: batched === 0 ? null : batch / batched,
  };
}

function sharesOf(log: RequestLog, rows: Uint32Array): Record<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const name = log.replicas[log.replicaOf(row)];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].map(([name, count]) => [name, count / rows.length]));
}

/** Cohorts of one phase, of one replica where its number is given. */
export function cohortsOf(log: RequestLog, replica: number | null = null): CohortSet {
  const order = log.order(replica);
  const n = order.length;
  const cohorts = COHORTS.flatMap(({ name, percentile, halfWidth }) => {
    const rows = order.slice(Math.floor(n * (percentile - halfWidth)), Math.ceil(n * (percentile + halfWidth)));
    if (rows.length < COHORT_REQUESTS_MIN) return [];
    return [{ name, requests: rows.length, ...meanOf(log, rows), replicas: sharesOf(log, rows) }];
  });
  const { replicas } = log;
  return {
    replica: replica === null ? null : (replicas[replica] ?? null),
    requests: n,
    all: meanOf(log, order),
    cohorts,
  };
}
