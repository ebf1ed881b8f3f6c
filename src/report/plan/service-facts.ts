import type { ServerSample } from '../../contract/index.js';
import type { RunBundle } from '../run-bundle.js';
import { closedLevels } from '../judging/load-levels.js';

/** What the run says of one replica of the service; null where it does not. */
export interface ServiceFacts {
  /** Replicas that answered. */
  readonly replicas: number;
  readonly workers: number | null;
  readonly processes: number | null;
  /** Most requests dispatched at once; null: no limit, or unknown. */
  readonly concurrencyLimit: number | null;
  readonly cpuLimitCores: number | null;
  readonly cpuSPerRequest: number | null;
  readonly memoryPeakBytes: number | null;
  /** Share of the response time of the lowest level that was spent in the model. */
  readonly modelShare: number | null;
}

function numberAt(source: unknown, ...keys: readonly string[]): number | null {
  let value = source;
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function cpuS(stats: ServerSample['stats']): number | null {
  const user = numberAt(stats, 'process', 'cpu_user_s');
  const system = numberAt(stats, 'process', 'cpu_system_s');
  return user === null || system === null ? null : user + system;
}

/** CPU time over completed requests, between looks at the same process during the levels. */
function cpuPerRequest(samples: readonly ServerSample[], phases: ReadonlySet<string>): number | null {
  let cpu = 0;
  let completed = 0;
  for (const [i, sample] of samples.entries()) {
    const before = samples[i - 1];
    if (before === undefined || sample.phase === null || !phases.has(sample.phase) || before.phase !== sample.phase)
      continue;
    if (sample.stats?.['replica_id'] !== before.stats?.['replica_id']) continue;
    const times = [cpuS(before.stats), cpuS(sample.stats)] as const;
    const counts = [numberAt(before.stats, 'completed'), numberAt(sample.stats, 'completed')] as const;
    if (times[0] === null || times[1] === null || counts[0] === null || counts[1] === null) continue;
    if (counts[1] < counts[0] || times[1] < times[0]) continue;
    cpu += times[1] - times[0];
    completed += counts[1] - counts[0];
  }
  return completed === 0 ? null : cpu / completed;
}

/** What the bundle says of the service, for a plan of more of it. */
export function serviceFacts(bundle: RunBundle): ServiceFacts {
  const { run, server } = bundle;
  const levels = closedLevels(run);
  const names = new Set(levels.map(({ name }) => name));
  const said = run.target?.server;
  const memory = server.flatMap(({ stats }) => numberAt(stats, 'process', 'rss_bytes') ?? []);
  const processes = numberAt(said, 'processes');
  const answered = new Set(levels.flatMap(({ replicas = {} }) => Object.keys(replicas)));
  const [lowest] = levels;
  const model = lowest?.server_timing_ms_mean?.['exec'] ?? null;
  const whole = lowest?.mean_ms ?? null;
  return {
    // Processes of one machine answer under names of their own; only --replicas can say how many machines they were.
    replicas: processes !== null && processes > 1 ? 1 : Math.max(1, answered.size),
    workers: numberAt(said, 'workers'),
    processes,
    concurrencyLimit: numberAt(said, 'limit'),
    cpuLimitCores: numberAt(said, 'cgroup', 'cpu_limit_cores'),
    cpuSPerRequest: cpuPerRequest(server, names),
    memoryPeakBytes: memory.length === 0 ? null : Math.max(...memory),
    modelShare: model === null || whole === null || whole <= 0 ? null : Math.min(1, model / whole),
  };
}
