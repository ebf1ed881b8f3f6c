/**
 * Every metric that `/metrics` exports (CONTRACT §3), with its kind, labels and meaning. Durations are seconds, as
 * Prometheus asks. A test holds this table against what the service exports and sees each of them move.
 */
interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  readonly buckets?: readonly number[];
  /** How the values of processes that share a port become one; their sum unless said otherwise. */
  readonly merge?: 'max' | 'min' | 'average';
}

/** Fine below a millisecond, where preparation and hand-over lie. */
const SHORT_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];
const LONG_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const METRICS = {
  inference_queue_len: { kind: 'gauge', help: 'Windows that wait for their first dispatch.' },
  inference_active_workers: { kind: 'gauge', help: 'Requests dispatched to workers and not yet answered.' },
  inference_steps_in_flight: { kind: 'gauge', help: 'Forecast steps of requests that are admitted and not answered.' },
  inference_bytes_in_flight: { kind: 'gauge', help: 'Bytes of request bodies that are held.' },
  inference_request_limit: {
    kind: 'gauge',
    help: 'Most requests admitted at once, as the adaptive limit has it now; 0 without one.',
  },
  inference_workers_total: { kind: 'gauge', help: 'Inference threads.' },
  inference_workers_busy: { kind: 'gauge', help: 'Inference threads that run a batch.' },
  inference_workers_idle: { kind: 'gauge', help: 'Inference threads that wait for a batch.' },
  inference_worker_utilization: {
    kind: 'gauge',
    help: 'Share of the inference threads’ time spent in the model since the last sample, 0 to 1.',
    merge: 'average',
  },
  inference_queue_oldest_wait_seconds: {
    kind: 'gauge',
    help: 'How long the oldest waiting window has waited.',
    merge: 'max',
  },
  inference_model_ready: {
    kind: 'gauge',
    help: '1 while a verified model is loaded and the process is not draining.',
    merge: 'min',
  },
  inference_jobs_processed_total: { kind: 'counter', help: 'Prediction requests answered, whatever the outcome.' },
  inference_jobs_outcome_total: {
    kind: 'counter',
    help: 'Prediction requests by outcome.',
    labels: ['outcome'],
  },
  inference_queue_wait_seconds: {
    kind: 'histogram',
    help: 'Time that a request waited for a worker, summed over its model steps.',
    buckets: LONG_SECONDS,
  },
  inference_latency_seconds: {
    kind: 'histogram',
    help: 'Time from the arrival of a prediction request to its answer.',
    buckets: LONG_SECONDS,
  },
  inference_batch_rows: {
    kind: 'histogram',
    help: 'Windows in one run of the model.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
  },
  inference_parse_seconds: { kind: 'histogram', help: 'Time to parse the body.', buckets: SHORT_SECONDS },
  inference_prep_seconds: {
    kind: 'histogram',
    help: 'Time to check a request and form its windows.',
    buckets: SHORT_SECONDS,
  },
  inference_exec_seconds: {
    kind: 'histogram',
    help: 'Time in the model, summed over the model steps of a request.',
    buckets: LONG_SECONDS,
  },
  inference_post_seconds: { kind: 'histogram', help: 'Time to form the reply.', buckets: SHORT_SECONDS },
  inference_shed_total: { kind: 'counter', help: 'Requests refused or given up, by reason.', labels: ['reason'] },
  inference_cache_hits_total: { kind: 'counter', help: 'Windows answered from the cache.' },
  inference_cache_misses_total: { kind: 'counter', help: 'Windows that the cache did not have.' },
  inference_non_finite_outputs_total: {
    kind: 'counter',
    help: 'Windows whose forecast had a value that is not finite.',
  },
  inference_worker_restarts_total: { kind: 'counter', help: 'Inference threads that died and were replaced.' },
  flts_processes: { kind: 'gauge', help: 'Serving processes that share the port.' },
  flts_process_restarts_total: { kind: 'counter', help: 'Serving processes that died and were replaced.' },
  inference_model_swaps_total: {
    kind: 'counter',
    help: 'Attempts to take a model version, by result.',
    labels: ['result'],
  },
  inference_model_rollbacks_total: {
    kind: 'counter',
    help: 'Model versions that were rolled back by rule, by cause: errors, non_finite or latency.',
    labels: ['cause'],
  },
  inference_model_problem: {
    kind: 'gauge',
    help: '1 for a model version that should serve and does not, by the code of the error.',
    labels: ['identifier', 'run_id', 'code'],
    merge: 'max',
  },
  inference_registry_failures_total: {
    kind: 'counter',
    help: 'Looks at a registry that could not read it, by the code of the error.',
    labels: ['code'],
  },
  inference_registry_problem: {
    kind: 'gauge',
    help: '1 while the registry of a model cannot be read, by the code of the error.',
    labels: ['identifier', 'code'],
    merge: 'max',
  },
  inference_model_info: {
    kind: 'gauge',
    help: '1 for a version that answers where none is asked for; 0 for others that are loaded.',
    labels: ['run_id', 'model_type', 'identifier'],
    merge: 'max',
  },
  inference_version_requests: {
    kind: 'gauge',
    help: 'Requests that a loaded version has ended since it was loaded, by outcome: answered, failed or non_finite.',
    labels: ['run_id', 'outcome'],
  },
  flts_build_info: { kind: 'gauge', help: '1 for this build.', labels: ['version', 'node'], merge: 'max' },
  event_loop_lag_seconds: {
    kind: 'histogram',
    help: 'How much later than asked the HTTP thread’s timers fired.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  },
  http_request_duration_seconds: {
    kind: 'histogram',
    help: 'Time from request to the end of its reply.',
    labels: ['method', 'route', 'status'],
    buckets: LONG_SECONDS,
  },
  http_requests_in_flight: { kind: 'gauge', help: 'HTTP requests under way.' },
  cgroup_cpu_periods_total: { kind: 'counter', help: 'Scheduler periods of the control group.', merge: 'max' },
  cgroup_cpu_throttled_periods_total: {
    kind: 'counter',
    help: 'Periods in which the control group was throttled.',
    merge: 'max',
  },
  cgroup_cpu_throttled_seconds_total: {
    kind: 'counter',
    help: 'Time for which the control group was throttled.',
    merge: 'max',
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRICS;

type NamesOfKind<Kind> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];
export type CounterName = NamesOfKind<'counter'>;
export type GaugeName = NamesOfKind<'gauge'>;
export type HistogramName = NamesOfKind<'histogram'>;
