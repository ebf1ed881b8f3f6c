import { describe, expect, it } from 'vitest';
import type { QueueStats } from '../../contract/index.js';
import { mergeFigures, type ProcessFigures, withoutState } from './machine-figures.js';

const calm: QueueStats = {
  status: 'ready',
  reason: null,
  queue_length: 0,
  queue_oldest_wait_ms: 0,
  workers: 1,
  workers_busy: 0,
  active: 0,
  limit: null,
  completed: 0,
  error_500_total: 0,
  last_error_type: null,
  model_loaded: true,
  current_run_id: 'a',
  current_model_type: 'LSTM',
  current_model_hash: 'h',
  wait_ms_last: 0,
  wait_ms_max: 0,
  wait_ms_avg: 0,
  exec_ms_last: 0,
  exec_ms_max: 0,
  exec_ms_avg: 0,
  prep_ms_last: 0,
  prep_ms_max: 0,
  prep_ms_avg: 0,
  event_loop_lag_ms_last: 0,
  event_loop_lag_ms_max: 0,
  event_loop_lag_ms_avg: 0,
  served_cached: 0,
  cache_hit_rate: null,
  shed_total: {},
  worker_restarts_total: 0,
  processes: 1,
  process_restarts_total: 0,
  startup_latency_ms: null,
  build_version: '1',
  replica_id: 'here-1',
  process: {
    pid: 1,
    start_time: '2024-01-01T00:00:02Z',
    boot_id: 'b',
    uptime_s: 10,
    cpu_user_s: 1,
    cpu_system_s: 0.5,
    cpu_cores: 2,
    rss_bytes: 100,
    heap_used_bytes: 10,
    event_loop_busy_s: 4,
    network_rx_bytes: 7,
    network_tx_bytes: 7,
    disk_read_bytes: 3,
    disk_write_bytes: null,
  },
  cgroup: null,
};

function figures(stats: Partial<QueueStats>, rest: Partial<Omit<ProcessFigures, 'stats'>> = {}): ProcessFigures {
  return { lastEndedUs: 0, prepared: 0, dispatched: 0, lookUps: 0, ...rest, stats: { ...calm, ...stats } };
}

const busy = figures(
  { completed: 30, queue_length: 4, workers: 2, limit: 8, wait_ms_avg: 2, wait_ms_last: 9, wait_ms_max: 10 },
  { lastEndedUs: 500, dispatched: 30, lookUps: 3 },
);
const quiet = figures(
  { completed: 10, queue_length: 1, limit: 8, wait_ms_avg: 6, wait_ms_last: 1, wait_ms_max: 40, cache_hit_rate: 0.5 },
  { lastEndedUs: 400, dispatched: 10, lookUps: 1 },
);

describe('processes that share a port', () => {
  it('add up; maxima are the largest, means are weighted, and the last is the latest', () => {
    expect(mergeFigures([quiet, busy]).stats).toMatchObject({
      completed: 40,
      queue_length: 5,
      workers: 3,
      limit: 16,
      // (30 · 2 + 10 · 6) / 40
      wait_ms_avg: 3,
      wait_ms_last: 9,
      wait_ms_max: 40,
      // 1 look-up of 4 had a rate of a half.
      cache_hit_rate: 0.125,
      processes: 2,
    });
  });

  it('are ready when all are; one that drains says so for all', () => {
    const status = (...all: QueueStats['status'][]): string =>
      mergeFigures(all.map((one) => figures({ status: one })) as [ProcessFigures, ...ProcessFigures[]]).stats.status;
    expect(status('ready', 'ready')).toBe('ready');
    expect(status('ready', 'not_ready')).toBe('not_ready');
    expect(status('not_ready', 'draining')).toBe('draining');
    expect(mergeFigures([figures({}), figures({ reason: 'why' })]).stats.reason).toBe('why');
  });

  it('use CPU, memory and disk each, and the network together', () => {
    const { process } = mergeFigures([busy, quiet]).stats;
    expect(process).toMatchObject({ cpu_user_s: 2, rss_bytes: 200, network_rx_bytes: 7, disk_read_bytes: 6 });
    expect(process.disk_write_bytes).toBe(null);
  });

  it('count shed requests by reason, whatever the reason is called', () => {
    const one = figures({ shed_total: { queue_full: 2, ['__proto__']: 1 } });
    const other = figures({ shed_total: { queue_full: 3, draining: 1 } });
    expect(mergeFigures([one, other]).stats.shed_total).toEqual({ queue_full: 5, draining: 1, ['__proto__']: 1 });
  });

  it('merged by and by are the same as at once', () => {
    const third = figures({ completed: 5, wait_ms_avg: 1 }, { dispatched: 5, lastEndedUs: 450 });
    expect(mergeFigures([mergeFigures([busy, quiet]), third])).toEqual(mergeFigures([busy, quiet, third]));
  });

  it('of one that is gone, the counts stay and the state does not', () => {
    const { stats } = mergeFigures([quiet, withoutState(busy)]);
    expect(stats).toMatchObject({
      completed: 40,
      wait_ms_avg: 3,
      queue_length: 1,
      workers: 1,
      limit: 8,
      processes: 1,
      status: 'ready',
      model_loaded: true,
    });
    expect(stats.process).toMatchObject({ cpu_user_s: 2, rss_bytes: 100 });
  });
});
