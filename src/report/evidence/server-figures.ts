import type { RunPhase, RunServerFigures, ServerSample } from '../../contract/index.js';

/** Looks that a mean takes at least, and counters need over a phase. */
const LOOKS_MIN = 2;
/** A look this long after the end of a phase still belongs to it, for counters. */
const AFTER_US = 500_000;

/** A number in what the target says of itself; null where it is not there. */
export function statOf(sample: ServerSample, ...keys: string[]): number | null {
  let value: unknown = sample.stats;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

const present = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);
const meanOf = (values: readonly (number | null)[]): number | undefined => {
  const known = present(values);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0) / known.length;
};
const mostOf = (values: readonly (number | null)[]): number | undefined => {
  const known = present(values);
  return known.length === 0 ? undefined : Math.max(...known);
};

function replicaOf(sample: ServerSample): string {
  const name = sample.stats?.['replica_id'];
  return typeof name === 'string' ? name : '';
}

type Read = (sample: ServerSample) => number | null;
const metric =
  (name: string): Read =>
  (sample) =>
    sample.prometheus?.[name] ?? null;
const stat =
  (...keys: string[]): Read =>
  (sample) =>
    statOf(sample, ...keys);
const either =
  (...reads: Read[]): Read =>
  (sample) => {
    for (const read of reads) {
      const value = read(sample);
      if (value !== null) return value;
    }
    return null;
  };
const sumOf =
  (a: Read, b: Read): Read =>
  (sample) => {
    const [x, y] = [a(sample), b(sample)];
    return x === null || y === null ? null : x + y;
  };

/** What a counter grew by over the looks, and in how many seconds; null below two looks, and where it fell. */
function growth(looks: readonly ServerSample[], read: Read): { by: number; s: number } | null {
  const known = looks.filter((look) => read(look) !== null);
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined || known.length < LOOKS_MIN) return null;
  const by = (read(last) ?? 0) - (read(first) ?? 0);
  const s = (last.at_us - first.at_us) / 1e6;
  return by < 0 || !(s > 0) ? null : { by, s };
}

/** Growth of a counter per second of one replica, the mean over those that were seen often enough. */
function rate(replicas: readonly (readonly ServerSample[])[], read: Read): number | undefined {
  const rates = replicas.flatMap((looks) => {
    const grown = growth(looks, read);
    return grown === null ? [] : [grown.by / grown.s];
  });
  return meanOf(rates);
}

/** Mean of what a histogram observed meanwhile, in its own unit. */
function histogramMean(replicas: readonly (readonly ServerSample[])[], name: string): number | undefined {
  let sum = 0;
  let count = 0;
  for (const looks of replicas) {
    sum += growth(looks, metric(`${name}_sum`))?.by ?? 0;
    count += growth(looks, metric(`${name}_count`))?.by ?? 0;
  }
  return count > 0 ? sum / count : undefined;
}

const scaled = (value: number | undefined, by: number): number | undefined =>
  value === undefined ? undefined : value * by;
const shareOf = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.min(1, Math.max(0, value));

const CPU_S = either(
  sumOf(stat('process', 'cpu_user_s'), stat('process', 'cpu_system_s')),
  metric('process_cpu_seconds_total'),
);

/** Gauges of one replica: means and maxima of what was seen. */
function gauges(looks: readonly ServerSample[]): RunServerFigures {
  const of = (read: Read): (number | null)[] => looks.map(read);
  const last = looks.findLast((look) => look.stats !== null);
  const limit = last?.stats?.['limit'];
  return withoutGaps({
    processes: last === undefined ? undefined : (statOf(last, 'processes') ?? undefined),
    workers: meanOf(of(either(stat('workers'), metric('inference_workers_total')))),
    workers_busy_mean: meanOf(of(either(stat('workers_busy'), metric('inference_workers_busy')))),
    limit: limit === null ? null : (statOf(last as ServerSample, 'limit') ?? undefined),
    active_mean: meanOf(of(either(stat('active'), metric('inference_active_workers')))),
    active_max: mostOf(of(either(stat('active'), metric('inference_active_workers')))),
    queue_length_mean: meanOf(of(either(stat('queue_length'), metric('inference_queue_len')))),
    queue_length_max: mostOf(of(either(stat('queue_length'), metric('inference_queue_len')))),
    loop_lag_ms_max: mostOf(of(stat('event_loop_lag_ms_last'))),
    cpu_limit_cores: meanOf(of(either(stat('cgroup', 'cpu_limit_cores'), stat('process', 'cpu_cores')))),
    memory_bytes_max: mostOf(
      of(either(stat('cgroup', 'memory_bytes'), stat('process', 'rss_bytes'), metric('process_resident_memory_bytes'))),
    ),
    memory_limit_bytes: meanOf(of(stat('cgroup', 'memory_limit_bytes'))),
  });
}

function withoutGaps(figures: Readonly<Record<string, number | null | undefined>>): RunServerFigures {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined));
}

/** What the service said of itself while the phase ran: means of one replica. Empty without looks at it. */
export function serverFigures(phase: RunPhase, samples: readonly ServerSample[]): RunServerFigures {
  const startUs = (phase.start_s ?? 0) * 1e6;
  const endUs = phase.duration_s === undefined ? Number.POSITIVE_INFINITY : startUs + phase.duration_s * 1e6;
  const looks = samples.filter(
    (sample) =>
      (sample.stats !== null || sample.prometheus !== undefined) &&
      (phase.start_s === undefined
        ? sample.phase === phase.name
        : sample.at_us >= startUs && sample.at_us <= endUs + AFTER_US),
  );
  if (looks.length === 0) return {};
  const inside = looks.filter((look) => look.at_us <= endUs);
  const names = [...new Set(looks.map(replicaOf))];
  const replicas = names.map((name) => looks.filter((look) => replicaOf(look) === name));
  const figures = gauges(inside.length === 0 ? looks : inside);
  const processes = figures.processes ?? 1;
  const periods = rate(replicas, either(stat('cgroup', 'cpu_periods_total')));
  const throttled = rate(replicas, stat('cgroup', 'cpu_throttled_periods_total'));
  const swaps = replicas.map((of) => growth(of, metric('inference_model_swaps_total'))?.by ?? null);
  const kills = replicas.map((of) => growth(of, stat('cgroup', 'oom_kill_total'))?.by ?? null);
  return {
    ...figures,
    ...withoutGaps({
      replicas: names.length,
      queue_wait_ms_mean: scaled(histogramMean(replicas, 'inference_queue_wait_seconds'), 1000),
      exec_ms_mean: scaled(histogramMean(replicas, 'inference_exec_seconds'), 1000),
      prep_ms_mean: scaled(histogramMean(replicas, 'inference_prep_seconds'), 1000),
      batch_rows_mean: histogramMean(replicas, 'inference_batch_rows'),
      loop_lag_ms_mean:
        scaled(histogramMean(replicas, 'event_loop_lag_seconds'), 1000) ??
        scaled(meanOf(looks.map(metric('nodejs_eventloop_lag_mean_seconds'))), 1000),
      loop_busy_share: shareOf(scaled(rate(replicas, stat('process', 'event_loop_busy_s')), 1 / processes)),
      cpu_cores_mean: rate(replicas, CPU_S),
      cpu_throttled_share: periods === undefined || periods === 0 ? undefined : shareOf((throttled ?? 0) / periods),
      gc_share: shareOf(scaled(rate(replicas, metric('nodejs_gc_duration_seconds_sum')), 1 / processes)),
      oom_kills: mostOf(kills),
      model_swaps: mostOf(swaps),
    }),
  };
}
