import type { ProcessView, QueueStats } from '../../contract/index.js';
import { queueStats, type StatsSources } from './queue-stats.js';

/** What one process contributes to the figures of its machine: its state, and how much its means weigh. */
export interface ProcessFigures {
  readonly stats: QueueStats;
  /** When its last request ended, µs of the machine's monotonic clock; 0 before the first. */
  readonly lastEndedUs: number;
  /** Requests in the mean of prep; requests in those of wait and exec; look-ups in the cache's hit rate. */
  readonly prepared: number;
  readonly dispatched: number;
  readonly lookUps: number;
}

export function processFigures(sources: StatsSources): ProcessFigures {
  const { ledger, service } = sources;
  return {
    stats: queueStats(sources),
    lastEndedUs: ledger.lastEndedUs,
    prepared: ledger.prepMs.count,
    dispatched: ledger.waitMs.count,
    lookUps: service.cache === null ? 0 : service.cache.hits + service.cache.misses,
  };
}

/**
 * Figures of a process that is gone: what it counted stays, so that no counter of the machine ever goes back; its
 * state is nobody's any more.
 */
export function withoutState(figures: ProcessFigures): ProcessFigures {
  const stats: QueueStats = {
    ...figures.stats,
    status: 'ready',
    reason: null,
    queue_length: 0,
    queue_oldest_wait_ms: 0,
    workers: 0,
    workers_busy: 0,
    active: 0,
    limit: null,
    model_loaded: true,
    current_run_id: null,
    current_model_type: null,
    current_model_hash: null,
    processes: 0,
    process: { ...figures.stats.process, rss_bytes: 0, heap_used_bytes: 0 },
    cgroup: null,
  };
  return { ...figures, stats };
}

type NumberField = { [K in keyof QueueStats]: QueueStats[K] extends number ? K : never }[keyof QueueStats];

/**
 * The figures of processes that share a port, as of one: counts and lengths are sums, maxima the largest, means are
 * weighted by what they are means of, `_last` is that of the process whose request ended last. It is ready when all
 * are. Merging merged figures gives the same as merging all at once.
 */
export function mergeFigures(all: readonly [ProcessFigures, ...ProcessFigures[]]): ProcessFigures {
  const stats = all.map((one) => one.stats);
  const newest = [...all].sort((a, b) => b.lastEndedUs - a.lastEndedUs);
  const [latest] = newest as [ProcessFigures];
  const sum = (field: NumberField): number => stats.reduce((total, one) => total + one[field], 0);
  const max = (field: NumberField): number => Math.max(...stats.map((one) => one[field]));
  const mean = (field: NumberField, weight: (one: ProcessFigures) => number): number =>
    weightedMean(all.map((one) => [one.stats[field], weight(one)])) ?? 0;
  const first = <T>(read: (one: QueueStats) => T | null): T | null =>
    stats.map(read).find((value) => value !== null) ?? null;
  const dispatched = (one: ProcessFigures): number => one.dispatched;
  const prepared = (one: ProcessFigures): number => one.prepared;
  const uptime = (one: ProcessFigures): number => one.stats.process.uptime_s;
  const merged: QueueStats = {
    status: stats.find((one) => one.status === 'draining')?.status ?? stats.find(isUnready)?.status ?? 'ready',
    reason: first((one) => one.reason),
    queue_length: sum('queue_length'),
    queue_oldest_wait_ms: max('queue_oldest_wait_ms'),
    workers: sum('workers'),
    workers_busy: sum('workers_busy'),
    active: sum('active'),
    limit: sumOrNull(stats.map((one) => one.limit)),
    completed: sum('completed'),
    error_500_total: sum('error_500_total'),
    last_error_type: newest.find((one) => one.stats.last_error_type !== null)?.stats.last_error_type ?? null,
    model_loaded: stats.every((one) => one.model_loaded),
    current_run_id: first((one) => one.current_run_id),
    current_model_type: first((one) => one.current_model_type),
    current_model_hash: first((one) => one.current_model_hash),
    wait_ms_last: latest.stats.wait_ms_last,
    wait_ms_max: max('wait_ms_max'),
    wait_ms_avg: mean('wait_ms_avg', dispatched),
    exec_ms_last: latest.stats.exec_ms_last,
    exec_ms_max: max('exec_ms_max'),
    exec_ms_avg: mean('exec_ms_avg', dispatched),
    prep_ms_last: latest.stats.prep_ms_last,
    prep_ms_max: max('prep_ms_max'),
    prep_ms_avg: mean('prep_ms_avg', prepared),
    event_loop_lag_ms_last: max('event_loop_lag_ms_last'),
    event_loop_lag_ms_max: max('event_loop_lag_ms_max'),
    event_loop_lag_ms_avg: mean('event_loop_lag_ms_avg', uptime),
    served_cached: sum('served_cached'),
    cache_hit_rate: weightedMean(all.map((one) => [one.stats.cache_hit_rate ?? 0, one.lookUps])),
    shed_total: sumByKey(stats.map((one) => one.shed_total)),
    worker_restarts_total: sum('worker_restarts_total'),
    processes: sum('processes'),
    process_restarts_total: sum('process_restarts_total'),
    startup_latency_ms: largestOrNull(stats.map((one) => one.startup_latency_ms)),
    build_version: latest.stats.build_version,
    replica_id: latest.stats.replica_id,
    process: mergeProcesses(stats.map((one) => one.process) as [ProcessView, ...ProcessView[]]),
    cgroup: first((one) => one.cgroup),
  };
  return {
    stats: merged,
    lastEndedUs: latest.lastEndedUs,
    prepared: all.reduce((total, one) => total + one.prepared, 0),
    dispatched: all.reduce((total, one) => total + one.dispatched, 0),
    lookUps: all.reduce((total, one) => total + one.lookUps, 0),
  };
}

function isUnready(stats: QueueStats): boolean {
  return stats.status !== 'ready';
}

/** null when nothing weighs anything. */
function weightedMean(values: readonly (readonly [value: number, weight: number])[]): number | null {
  const weight = values.reduce((total, [, one]) => total + one, 0);
  return weight === 0 ? null : values.reduce((total, [value, one]) => total + value * one, 0) / weight;
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

function sumOrNull(values: readonly (number | null)[]): number | null {
  const numbers = known(values);
  return numbers.length === 0 ? null : numbers.reduce((total, one) => total + one, 0);
}

function largestOrNull(values: readonly (number | null)[]): number | null {
  const numbers = known(values);
  return numbers.length === 0 ? null : Math.max(...numbers);
}

function sumByKey(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const totals = new Map<string, number>();
  for (const record of records) {
    for (const [key, value] of Object.entries(record)) totals.set(key, (totals.get(key) ?? 0) + value);
  }
  return Object.fromEntries(totals);
}

/** What several processes use, as of one; what cannot be added is the first's. CPU, memory and disk are each process's own; network bytes are those of the namespace that all share. */
export function mergeProcesses(views: readonly [ProcessView, ...ProcessView[]]): ProcessView {
  const [first] = views;
  const sum = (read: (view: ProcessView) => number): number => views.reduce((total, view) => total + read(view), 0);
  return {
    ...first,
    start_time: views.map((view) => view.start_time).sort()[0] ?? first.start_time,
    uptime_s: Math.max(...views.map((view) => view.uptime_s)),
    cpu_user_s: sum((view) => view.cpu_user_s),
    cpu_system_s: sum((view) => view.cpu_system_s),
    rss_bytes: sum((view) => view.rss_bytes),
    heap_used_bytes: sum((view) => view.heap_used_bytes),
    event_loop_busy_s: sum((view) => view.event_loop_busy_s),
    network_rx_bytes: largestOrNull(views.map((view) => view.network_rx_bytes)),
    network_tx_bytes: largestOrNull(views.map((view) => view.network_tx_bytes)),
    disk_read_bytes: sumOrNull(views.map((view) => view.disk_read_bytes)),
    disk_write_bytes: sumOrNull(views.map((view) => view.disk_write_bytes)),
  };
}
