import type { ServerSample } from '../../../contract/index.js';
import { count, milliseconds } from '../../format.js';
import type { Block } from '../../model.js';
import { statOf } from '../../evidence/server-figures.js';

/** What the service says after the last phase; counters since its start. */
export function afterFacts(samples: readonly ServerSample[]): Block | null {
  const last = samples.findLast((sample) => sample.stats !== null);
  if (last === undefined) return null;
  const rows: (readonly [string, string])[] = [];
  const triple = (label: string, key: string): void => {
    const [latest = null, top = null, average = null] = ['last', 'max', 'avg'].map((which) =>
      statOf(last, `${key}_${which}`),
    );
    if (latest === null || top === null || average === null) return;
    rows.push([label, `last ${milliseconds(latest)}, max ${milliseconds(top)}, average ${milliseconds(average)} ms`]);
  };
  const plainCount = (label: string, ...keys: string[]): void => {
    const value = statOf(last, ...keys);
    if (value !== null) rows.push([label, count(value)]);
  };
  plainCount('Completed requests', 'completed');
  plainCount('Answered 500', 'error_500_total');
  plainCount('Queue length', 'queue_length');
  triple('Queue wait', 'wait_ms');
  triple('Model execution', 'exec_ms');
  triple('Data preparation', 'prep_ms');
  triple('Event-loop lag', 'event_loop_lag_ms');
  const shed = last.stats?.['shed_total'];
  if (typeof shed === 'object' && shed !== null) {
    const total = Object.values(shed as Record<string, unknown>).reduce<number>(
      (sum, value) => sum + (typeof value === 'number' ? value : 0),
      0,
    );
    rows.push(['Shed requests', count(total)]);
  }
  plainCount('Throttled CPU periods', 'cgroup', 'cpu_throttled_periods_total');
  plainCount('OOM kills', 'cgroup', 'oom_kill_total');
  return rows.length === 0 ? null : { kind: 'facts', rows };
}
