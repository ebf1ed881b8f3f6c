import { type Static, Type } from 'typebox';

/**
 * What goes over HTTP (CONTRACT §1, §3): replies of `POST /predict`, of the health routes and of `/queue_stats`.
 * The request of `/predict` has no schema of its own: its checks have an order and texts that clients know, and
 * live in `serving/`. Durations are milliseconds where the name says `ms`.
 */

/** One forecast row: `ts` and every target by name, in raw units. */
const PredictionRow = Type.Intersect([
  Type.Object({ ts: Type.String() }),
  Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
]);

/** One interval row: `ts` and, by target, [lower, upper] in raw units. */
const IntervalRow = Type.Intersect([
  Type.Object({ ts: Type.String() }),
  Type.Record(Type.String(), Type.Union([Type.String(), Type.Tuple([Type.Number(), Type.Number()])])),
]);

/** Rows by level, as percent: `{"80": […], "95": […]}`. */
const Intervals = Type.Record(Type.String(), Type.Array(IntervalRow));

const ReplyHead = {
  status: Type.Union([Type.Literal('SUCCESS'), Type.Literal('SUCCESS_CACHED')]),
  identifier: Type.String(),
  run_id: Type.String(),
  model_type: Type.String(),
  model_version: Type.String(),
};

const ReplyTail = { req_id: Type.String(), cached: Type.Boolean(), warnings: Type.Array(Type.String()) };

export const PredictReplySchema = Type.Object({
  ...ReplyHead,
  predictions: Type.Array(PredictionRow),
  intervals: Type.Optional(Intervals),
  ...ReplyTail,
});

export const PredictSeriesReplySchema = Type.Object({
  ...ReplyHead,
  series: Type.Array(
    Type.Object({
      id: Type.String(),
      predictions: Type.Array(PredictionRow),
      intervals: Type.Optional(Intervals),
      warnings: Type.Optional(Type.Array(Type.String())),
    }),
  ),
  ...ReplyTail,
});

/** Every error reply. `code` is of contract/errors.ts; `reason` is there when the request was shed. */
export const ErrorReplySchema = Type.Object({
  detail: Type.String(),
  code: Type.String(),
  reason: Type.Optional(Type.String()),
  req_id: Type.Optional(Type.String()),
});

export const HealthReplySchema = Type.Object({
  status: Type.Literal('ok'),
  service: Type.Literal('inference-api'),
  model_ready: Type.Boolean(),
  queue_length: Type.Integer(),
  startup_ready_ms: Type.Union([Type.Number(), Type.Null()]),
});

/** `POST /reload_latest`. `reason`: why nothing was loaded; null when it was, or when the promoted version serves. */
export const ReloadReplySchema = Type.Object({
  loaded: Type.Boolean(),
  run_id: Type.Union([Type.String(), Type.Null()]),
  model_type: Type.Union([Type.String(), Type.Null()]),
  reason: Type.Union([Type.String(), Type.Null()]),
});

/** `POST /scale_workers`: inference threads of each process now and before, and how many processes there are. */
export const ScaleReplySchema = Type.Object({
  workers: Type.Integer(),
  before: Type.Integer(),
  processes: Type.Integer(),
});

/** `POST /v2/repository/index` answers an array of these (Open Inference Protocol, repository extension). */
export const IndexEntrySchema = Type.Object({
  /** The model's name: the registry's identifier. */
  name: Type.String(),
  /** The run id; empty when it is not known which version should serve. */
  version: Type.String(),
  state: Type.Union([
    Type.Literal('READY'),
    Type.Literal('LOADING'),
    Type.Literal('UNLOADING'),
    Type.Literal('UNAVAILABLE'),
  ]),
  /** Why it does not serve, or how far it is; empty when it serves. */
  reason: Type.String(),
});

const MaybeNumber = Type.Union([Type.Number(), Type.Null()]);
const MaybeString = Type.Union([Type.String(), Type.Null()]);

/** What the kernel says about this process; null where the platform does not tell. */
export const ProcessViewSchema = Type.Object({
  pid: Type.Integer(),
  /** ISO 8601, UTC. */
  start_time: Type.String(),
  boot_id: MaybeString,
  uptime_s: Type.Number(),
  cpu_user_s: Type.Number(),
  cpu_system_s: Type.Number(),
  cpu_cores: Type.Integer(),
  rss_bytes: Type.Number(),
  heap_used_bytes: Type.Number(),
  /** Time that the HTTP thread was not idle since the process began (event-loop utilisation times its age). */
  event_loop_busy_s: Type.Number(),
  network_rx_bytes: MaybeNumber,
  network_tx_bytes: MaybeNumber,
  disk_read_bytes: MaybeNumber,
  disk_write_bytes: MaybeNumber,
});

/** What the process's control group says (Linux, v2 or v1); null where there is none. */
export const CgroupViewSchema = Type.Object({
  version: Type.Union([Type.Literal(1), Type.Literal(2)]),
  cpu_usage_s: MaybeNumber,
  /** Cores that the group may use; null without a limit. */
  cpu_limit_cores: MaybeNumber,
  cpu_periods_total: MaybeNumber,
  cpu_throttled_periods_total: MaybeNumber,
  cpu_throttled_s: MaybeNumber,
  memory_bytes: MaybeNumber,
  memory_limit_bytes: MaybeNumber,
  oom_kill_total: MaybeNumber,
});

export const QueueStatsSchema = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not_ready'), Type.Literal('draining')]),
  /** Why it is not ready, or why the newest model version was not taken; null when all is well. */
  reason: MaybeString,
  /** Windows that wait for their first dispatch. */
  queue_length: Type.Integer(),
  queue_oldest_wait_ms: Type.Number(),
  /** Inference threads, and those that run a batch right now. */
  workers: Type.Integer(),
  workers_busy: Type.Integer(),
  /** Dispatched requests, and the most that may be (null: no limit). */
  active: Type.Integer(),
  limit: MaybeNumber,
  completed: Type.Integer(),
  error_500_total: Type.Integer(),
  last_error_type: MaybeString,
  model_loaded: Type.Boolean(),
  current_run_id: MaybeString,
  current_model_type: MaybeString,
  current_model_hash: MaybeString,
  wait_ms_last: Type.Number(),
  wait_ms_max: Type.Number(),
  wait_ms_avg: Type.Number(),
  exec_ms_last: Type.Number(),
  exec_ms_max: Type.Number(),
  exec_ms_avg: Type.Number(),
  prep_ms_last: Type.Number(),
  prep_ms_max: Type.Number(),
  prep_ms_avg: Type.Number(),
  event_loop_lag_ms_last: Type.Number(),
  event_loop_lag_ms_max: Type.Number(),
  event_loop_lag_ms_avg: Type.Number(),
  served_cached: Type.Integer(),
  /** 0..1; null while the cache is off or was never asked. */
  cache_hit_rate: MaybeNumber,
  shed_total: Type.Record(Type.String(), Type.Integer()),
  worker_restarts_total: Type.Integer(),
  /** Processes that share the port; figures are theirs taken together. */
  processes: Type.Integer(),
  process_restarts_total: Type.Integer(),
  startup_latency_ms: MaybeNumber,
  build_version: Type.String(),
  replica_id: Type.String(),
  process: ProcessViewSchema,
  cgroup: Type.Union([CgroupViewSchema, Type.Null()]),
});

export type ErrorReply = Static<typeof ErrorReplySchema>;
export type ReloadReply = Static<typeof ReloadReplySchema>;
export type ScaleReply = Static<typeof ScaleReplySchema>;
export type IndexEntry = Static<typeof IndexEntrySchema>;
export type HealthReply = Static<typeof HealthReplySchema>;
export type ProcessView = Static<typeof ProcessViewSchema>;
export type CgroupView = Static<typeof CgroupViewSchema>;
export type QueueStats = Static<typeof QueueStatsSchema>;

/** The parts of a request in `Server-Timing`, in their order; contiguous, so that they sum to `total`. */
export const TIMING_PARTS = ['recv', 'parse', 'prep', 'queue', 'exec', 'lag', 'post'] as const;

/** Largest horizon that may be asked for, in steps. */
export const MAX_HORIZON = 10_000;
/** Most interval levels in one request. */
export const MAX_LEVELS = 10;
