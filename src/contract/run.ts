import { type Static, Type } from 'typebox';
import { PHASE_KINDS } from './scenario.js';

/**
 * The run bundle: what a load test leaves behind, and all that a report needs (CONTRACT §6). `run.json` alone is a
 * legal bundle: figures that came from elsewhere need no more than phases with a name and what is known of each.
 */
export const RUN_SCHEMA_VERSION = 1;

export const RUN_FILE = 'run.json';
/**
 * HdrHistogram log V2, integer µs, 3 digits; tag = `phase/generator/outcome`: `ok` and `failed` are response times of
 * every request, `lag` is sent − intended − connection wait of all, `prompt` the response time of right answers without
 * their own lag.
 */
export const HISTOGRAMS_FILE = 'histograms.hlog';
/** One `RunSample` a line. */
export const SAMPLES_FILE = 'samples.ndjson.gz';
/** One `ServerSample` a line. */
export const SERVER_FILE = 'server.ndjson.gz';

/** One JSON document: what `flts merge` needs of a shard beside histograms and samples. */
export const SHARD_FILE = 'shard.json.gz';

/** The percentiles that every phase carries, as fractions, by their names in figures and requirements. */
export const PERCENTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, 'p99.9': 0.999 } as const;
export type PercentileName = keyof typeof PERCENTILES;

/** How a request can fail; `http_4xx` and `http_5xx` by status, the others without a usable answer. */
export const FAILURE_KINDS = [
  'http_4xx',
  'http_5xx',
  'http_other',
  'connect',
  'reset',
  'timeout',
  'bad_answer',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

const Ms = Type.Number({ minimum: 0 });
const Count = Type.Integer({ minimum: 0 });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const NullableMs = Type.Union([Ms, Type.Null()]);
const Counts = Type.Record(Type.String(), Count);

/** A percentile of response time, ms, with its 95 % interval by order statistics. */
const PercentileEntry = Type.Object({
  value_ms: Ms,
  lower_ms: NullableMs,
  /** Null: n is too small for an upper bound; print "≥ max, n too small". */
  upper_ms: NullableMs,
  /** False when the generator's own lag moves it by more than max(2 ms, 10 %). */
  supported: Type.Boolean(),
});

const LittlesLaw = Type.Object({
  expected: Type.Number(),
  measured: Type.Number(),
  deviation: Type.Number(),
  tolerance: Type.Number(),
  holds: Type.Boolean(),
});

const GeneratorFigures = Type.Object({
  id: Count,
  users: Count,
  /** Event-loop utilisation over the phase. */
  elu: Share,
  cpu_s: Type.Number({ minimum: 0 }),
  /** Mean wait for a processor, each time there was something to do; null where the system does not say. */
  cpu_wait_ms_mean: Type.Optional(Type.Union([Type.Number({ minimum: 0 }), Type.Null()])),
  /** Share of the phase in which it waited for a processor. */
  cpu_wait_share: Type.Optional(Type.Union([Share, Type.Null()])),
  /** What it added to response times: lag before the request, wait for a processor before the answer. */
  own_delay_ms: Type.Optional(Type.Object({ p95: NullableMs, p99: NullableMs })),
  lost: Type.Boolean(),
});

const OpenAccount = Type.Object({ due: Count, started: Count, dropped: Count, achieved_share: Share });

/** A figure with its 95 % interval; null = no bound. */
const Interval = Type.Object({
  value: Type.Number(),
  lower: Type.Union([Type.Number(), Type.Null()]),
  upper: Type.Union([Type.Number(), Type.Null()]),
});

/** Whether a phase was steady (MSER-5 and the slope of its load), or why that cannot be said. */
const Steadiness = Type.Object({
  outcome: Type.Union([Type.Literal('steady'), Type.Literal('unsteady'), Type.Literal('undecided')]),
  reason: Type.String(),
  batches: Count,
  /** Share of the phase that MSER-5 would cut off at its start. */
  cut_share: Type.Union([Share, Type.Null()]),
  /** Change over the whole phase as a share of its mean. */
  drift: Type.Union([Interval, Type.Null()]),
});

/** Theil–Sen slope, per hour. */
const Slope = Type.Object({ per_hour: Interval, points: Count });

const Recovery = Type.Object({
  /** p95 before the spike, in it, and after it, ms. */
  before_ms: NullableMs,
  during_ms: NullableMs,
  after_ms: NullableMs,
  /** From the end of the spike until p95 stays within 10 % of before; null: not until the end of the phase. */
  recovered_s: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  note: Type.Union([Type.String(), Type.Null()]),
});

const ErrorBudget = Type.Object({
  objective: Share,
  allowed: Type.Number({ minimum: 0 }),
  used: Count,
  /** used / allowed; null where nothing is allowed. */
  used_share: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
});

const Amount = Type.Number({ minimum: 0 });

/**
 * What the service said of itself, means over a phase (or over the run) for one replica. Written where the figures came
 * from elsewhere; runs of our own carry `server.ndjson.gz`, and a report takes them from there.
 */
const ServerFigures = Type.Partial(
  Type.Object({
    replicas: Count,
    /** Serving processes, each with an event loop of its own. */
    processes: Count,
    workers: Amount,
    workers_busy_mean: Amount,
    /** Most requests dispatched at once; null = no limit. */
    limit: Type.Union([Amount, Type.Null()]),
    active_mean: Amount,
    active_max: Amount,
    queue_length_mean: Amount,
    queue_length_max: Amount,
    queue_wait_ms_mean: Ms,
    queue_wait_ms_max: Ms,
    exec_ms_mean: Ms,
    exec_ms_max: Ms,
    prep_ms_mean: Ms,
    prep_ms_max: Ms,
    batch_rows_mean: Amount,
    loop_lag_ms_mean: Ms,
    loop_lag_ms_max: Ms,
    /** Share of its time that the event loop was at work. */
    loop_busy_share: Share,
    cpu_cores_mean: Amount,
    /** Cores that the service may use: of its control group, else of its machine. */
    cpu_limit_cores: Amount,
    /** Share of the control group's periods in which it was held back. */
    cpu_throttled_share: Share,
    /** Share of the time spent in garbage collection. */
    gc_share: Share,
    memory_bytes_max: Amount,
    memory_limit_bytes: Amount,
    oom_kills: Count,
    restarts: Count,
    model_swaps: Count,
  }),
);

const PhaseSchema = Type.Object({
  name: Type.String(),
  /** `search`: a step of the search for the knee. */
  kind: Type.Optional(Type.Enum([...PHASE_KINDS, 'search'])),
  /** Closed users, the most at once. */
  users: Type.Optional(Count),
  from_users: Type.Optional(Count),
  /** Open arrivals, requests per second (the highest wanted); a phase has users or a rate. */
  rate: Type.Optional(Type.Number({ minimum: 0 })),
  from_rate: Type.Optional(Type.Number({ minimum: 0 })),
  arrivals: Type.Optional(Type.Union([Type.Literal('constant'), Type.Literal('poisson')])),
  /** Open arrivals: what was due, what of it was sent in time, and what was given up for want of a connection. */
  open: Type.Optional(OpenAccount),
  think_s: Type.Optional(Type.Number({ minimum: 0 })),
  requests_per_user: Type.Optional(Count),
  /** Start on the run's clock and length of the window that rates are taken over. */
  start_s: Type.Optional(Type.Number()),
  duration_s: Type.Optional(Type.Number({ minimum: 0 })),
  requests: Type.Optional(Count),
  succeeded: Type.Optional(Count),
  failed: Type.Optional(Count),
  success_rate: Type.Optional(Type.Union([Share, Type.Null()])),
  /** Largest failure rate that the counts leave possible, one-sided 95 %. */
  failure_rate_bound: Type.Optional(Share),
  /** Right answers per second inside the window. */
  throughput_per_s: Type.Optional(Type.Number({ minimum: 0 })),
  // Response time (done − intended) of right answers.
  min_ms: Type.Optional(NullableMs),
  mean_ms: Type.Optional(NullableMs),
  p50_ms: Type.Optional(NullableMs),
  p90_ms: Type.Optional(NullableMs),
  p95_ms: Type.Optional(NullableMs),
  p99_ms: Type.Optional(NullableMs),
  'p99.9_ms': Type.Optional(NullableMs),
  max_ms: Type.Optional(NullableMs),
  /** By percentile name. */
  percentiles: Type.Optional(Type.Record(Type.String(), PercentileEntry)),
  /** Response time of failed requests, for whoever wonders how fast the errors were. */
  failed_ms: Type.Optional(Type.Union([Type.Object({ p50: Ms, max: Ms }), Type.Null()])),
  /** sent − intended − connection wait. */
  lag_ms: Type.Optional(Type.Union([Type.Object({ p50: Ms, p99: Ms, max: Ms }), Type.Null()])),
  connection_wait_ms_mean: Type.Optional(NullableMs),
  connections_opened: Type.Optional(Count),
  statuses: Type.Optional(Counts),
  failures: Type.Optional(Counts),
  /** A few failures in words, by kind. */
  failure_examples: Type.Optional(Type.Record(Type.String(), Type.String())),
  bytes_out: Type.Optional(Count),
  bytes_in: Type.Optional(Count),
  /** Mean of each Server-Timing part over right answers that carried it, ms. */
  server_timing_ms_mean: Type.Optional(Type.Record(Type.String(), Type.Number())),
  replicas: Type.Optional(Counts),
  littles_law: Type.Optional(Type.Union([LittlesLaw, Type.Null()])),
  /** Independent requests that would say as much of the mean as these, which influence each other. */
  effective_n: Type.Optional(Type.Union([Type.Number({ minimum: 0 }), Type.Null()])),
  /** Percentile intervals by block bootstrap, ms: they know that neighbours are alike. */
  block_intervals: Type.Optional(
    Type.Record(Type.String(), Type.Object({ lower_ms: Ms, upper_ms: Ms, blocks: Count })),
  ),
  steadiness: Type.Optional(Type.Union([Steadiness, Type.Null()])),
  slopes: Type.Optional(Type.Object({ p95_ms: Type.Optional(Slope), rss_bytes: Type.Optional(Slope) })),
  recovery: Type.Optional(Type.Union([Recovery, Type.Null()])),
  error_budget: Type.Optional(ErrorBudget),
  server: Type.Optional(ServerFigures),
  generators: Type.Optional(Type.Array(GeneratorFigures)),
  warnings: Type.Optional(Type.Array(Type.String())),
});

const RequirementEntry = Type.Object({
  expression: Type.String(),
  figure: Type.String(),
  phase: Type.Union([Type.String(), Type.Null()]),
  op: Type.String(),
  /** In the figure's own unit: ms, share, per second, count. */
  limit: Type.Number(),
  actual: Type.Union([Type.Number(), Type.Null()]),
  outcome: Type.Union([Type.Literal('met'), Type.Literal('not_met'), Type.Literal('undecided')]),
  note: Type.Union([Type.String(), Type.Null()]),
});

const InstrumentLevel = Type.Object({
  /** Closed users, or open arrivals per second. */
  users: Type.Optional(Count),
  rate: Type.Optional(Type.Number({ minimum: 0 })),
  requests: Count,
  throughput_per_s: Type.Number({ minimum: 0 }),
  p50_ms: NullableMs,
  p95_ms: NullableMs,
  p99_ms: NullableMs,
});

const CapacityEntry = Type.Object({
  /** The largest rate, per second, that kept the requirement. */
  rate_per_s: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  /** The smallest rate that broke it; null: none did. */
  broken_per_s: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  confirmed: Type.Boolean(),
  requirement: Type.String(),
  note: Type.String(),
  steps: Type.Array(
    Type.Object({
      phase: Type.String(),
      rate_per_s: Type.Number({ minimum: 0 }),
      outcome: Type.Union([Type.Literal('kept'), Type.Literal('broken'), Type.Literal('invalid')]),
    }),
  ),
});

const PodEntry = Type.Object({
  name: Type.String(),
  phase: Type.String(),
  restarts: Count,
  oom_killed: Type.Boolean(),
});

export const RunSchema = Type.Object({
  schema_version: Type.Literal(RUN_SCHEMA_VERSION),
  run_id: Type.Optional(Type.String()),
  /** ISO 8601, UTC. */
  started: Type.Optional(Type.String()),
  ended: Type.Optional(Type.String()),
  /** True when it was ended by hand; what was measured until then stands. */
  interrupted: Type.Optional(Type.Boolean()),
  scenario: Type.Optional(
    Type.Object({
      name: Type.String(),
      seed: Type.Optional(Count),
      request: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
  ),
  target: Type.Optional(
    Type.Object({
      url: Type.String(),
      /** What the target says of itself: model, build, workers, limits. */
      server: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
  ),
  versions: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** The machine that generated the load. */
  machine: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  generators: Type.Optional(Type.Object({ processes: Count, keep_alive: Type.Boolean() })),
  /** The floor of the instrument: a route that does nothing, at the same concurrency, before the run. */
  instrument: Type.Optional(
    Type.Union([Type.Object({ url: Type.String(), levels: Type.Array(InstrumentLevel) }), Type.Null()]),
  ),
  phases: Type.Array(PhaseSchema, { minItems: 1 }),
  /** What the service said of itself over the whole run; a phase's own figures go before. */
  server: Type.Optional(ServerFigures),
  totals: Type.Optional(Type.Object({ requests: Count, succeeded: Count, failed: Count })),
  /** Share of readiness probes, one a second, answered 200; null without probes. */
  uptime: Type.Optional(Type.Union([Share, Type.Null()])),
  readiness_probes: Type.Optional(Count),
  requirements: Type.Optional(Type.Array(RequirementEntry)),
  validity: Type.Optional(
    Type.Object({ valid: Type.Boolean(), reasons: Type.Array(Type.String()), warnings: Type.Array(Type.String()) }),
  ),
  verdict: Type.Optional(Type.Union([Type.Literal('PASSED'), Type.Literal('FAILED'), Type.Literal('INVALID')])),
  /** How many samples the samples file holds, and of how many requests. */
  samples: Type.Optional(Type.Object({ kept: Count, of: Count })),
  /** Which part of a load that was spread over machines this is; `flts merge` puts the parts together. */
  shard: Type.Optional(
    Type.Object({
      index: Count,
      count: Type.Integer({ minimum: 1 }),
      start_at: Type.String(),
      scenario_sha256: Type.String(),
    }),
  ),
  merged_from: Type.Optional(Type.Array(Type.String())),
  /** Set when an abort rule ended the run. */
  aborted: Type.Optional(Type.Object({ rule: Type.String(), phase: Type.String(), measured: Type.Number() })),
  /** What the search for the knee found. */
  capacity: Type.Optional(Type.Union([CapacityEntry, Type.Null()])),
  /** What the cluster said during the run. */
  cluster: Type.Optional(Type.Array(PodEntry)),
});

export type Run = Static<typeof RunSchema>;
export type RunPhase = Static<typeof PhaseSchema>;
export type RunRequirement = Static<typeof RequirementEntry>;
export type RunPercentile = Static<typeof PercentileEntry>;
export type RunCapacity = Static<typeof CapacityEntry>;
export type RunPod = Static<typeof PodEntry>;
export type RunServerFigures = Static<typeof ServerFigures>;
export type RunInstrumentLevel = Static<typeof InstrumentLevel>;

/** One request of `samples.ndjson.gz`; times are µs on the run's clock (0 = start of the run). */
export interface RunSample {
  readonly phase: string;
  readonly user: number;
  readonly intended_us: number;
  readonly sent_us: number;
  /** Null where no byte came. */
  readonly first_byte_us: number | null;
  readonly done_us: number;
  readonly connection_wait_us: number;
  /** 0 where no status came. */
  readonly status: number;
  readonly failure: FailureKind | null;
  readonly bytes_out: number;
  readonly bytes_in: number;
  /** Server-Timing parts, ms by name. */
  readonly timing_ms?: Readonly<Record<string, number>>;
  /** Rows of the batch that it was run in, as Server-Timing says. */
  readonly batch_rows?: number;
  readonly replica?: string;
  readonly run_id?: string;
  /** Kept beyond the random reservoir because it failed or was among the slowest: leave out of averages. */
  readonly extra?: true;
}

/** One second of `server.ndjson.gz`. */
export interface ServerSample {
  /** On the run's clock, µs. */
  readonly at_us: number;
  readonly phase: string | null;
  /** Whether the readiness route answered 200. */
  readonly ready: boolean;
  /** The target's `/queue_stats`, as it came; null where there is none. */
  readonly stats: Readonly<Record<string, unknown>> | null;
  /** Of a target that speaks Prometheus text only: sums over label sets by metric name. */
  readonly prometheus?: Readonly<Record<string, number>>;
  readonly pods?: readonly RunPod[];
}
