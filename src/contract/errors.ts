/**
 * The error catalogue: every error that a user, a client or a script can meet, with what it means and what to do.
 * `http/error-mapper.ts` maps `status` to a reply, `cli/exit-codes.ts` maps `exit` to the process's exit code.
 * A test holds this table against docs/reference/errors.md.
 */

/** What the command line exits with. 0 means done; 98 and 99 are the load test's own (LOADLAB). */
export type ExitKind =
  | 'unexpected'
  | 'usage'
  | 'input'
  | 'not_found'
  | 'refused'
  | 'environment'
  | 'invalid_run'
  | 'requirement_failed'
  | 'interrupted';

interface ErrorEntry {
  /** HTTP status where the error can reach a client, else null. */
  readonly status: number | null;
  readonly exit: ExitKind;
  /** What happened, in general words; the error's own message says it of the case at hand. */
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;
}

const PAYLOAD = { status: 400, exit: 'input' } as const;

export const ERRORS = {
  // ── what a client can get wrong (CONTRACT §1) ──
  FLTS_NOT_JSON: {
    ...PAYLOAD,
    problem: 'The request body is not JSON.',
    remedy: 'Send one JSON object, UTF-8, with content-type application/json.',
  },
  FLTS_DATA_MISSING: {
    ...PAYLOAD,
    problem: "Neither 'data' nor 'series' is there, or it is empty.",
    remedy: "Send 'data' (columns as arrays) or 'series' (a list of {id, data}).",
  },
  FLTS_DATA_NOT_COLUMNS: {
    ...PAYLOAD,
    problem: "'data' is not an object of arrays.",
    remedy: 'Send every column as an array: {"ts": […], "down": […], …}.',
  },
  FLTS_LENGTHS_DIFFER: {
    ...PAYLOAD,
    problem: 'The columns have different lengths.',
    remedy: 'Give every column as many cells as the timestamp column has.',
  },
  FLTS_NO_ROWS: { ...PAYLOAD, problem: 'The columns are empty.', remedy: 'Send at least the lookback of the model.' },
  FLTS_NO_TIMESTAMP_COLUMN: {
    ...PAYLOAD,
    problem: 'There is no timestamp column.',
    remedy: "Name it in 'index_col', or call it ts, timestamp, time or date.",
  },
  FLTS_BAD_TIMESTAMP: {
    ...PAYLOAD,
    problem: 'A timestamp cannot be read.',
    remedy: 'Send ISO 8601 strings, such as 2018-02-05 23:40:00 or 2018-02-05T23:40:00Z.',
  },
  FLTS_TIMESTAMPS_IDENTICAL: {
    ...PAYLOAD,
    problem: 'All timestamps are the same.',
    remedy: 'Send one timestamp per row, one step apart.',
  },
  FLTS_TIMESTAMPS_DUPLICATE: {
    ...PAYLOAD,
    problem: 'Some timestamps are the same.',
    remedy: 'Remove or merge the rows that share a timestamp.',
  },
  FLTS_TIMESTAMPS_UNEVEN: {
    ...PAYLOAD,
    problem: 'The steps between rows differ.',
    remedy: 'Resample the rows to the even step that the model expects.',
  },
  FLTS_WRONG_FREQUENCY: {
    ...PAYLOAD,
    problem: 'The rows are evenly spaced, but not as the model was trained.',
    remedy: 'Resample the rows to the step that the model expects.',
  },
  FLTS_MISSING_FEATURES: {
    ...PAYLOAD,
    problem: 'Columns that the model needs are missing.',
    remedy: 'Send every feature column; `flts models show` lists them.',
  },
  FLTS_NON_NUMERIC: {
    ...PAYLOAD,
    problem: 'A feature column has a cell that is not a number.',
    remedy: 'Send numbers, numeric strings, or null for an empty cell.',
  },
  FLTS_OUT_OF_RANGE: {
    ...PAYLOAD,
    problem: 'A feature column has a number beyond the range of float32, in which models compute.',
    remedy: 'Send numbers between -3.4e38 and 3.4e38.',
  },
  FLTS_MISSING_VALUES: {
    ...PAYLOAD,
    problem: 'Too many cells of a column are empty inside the window.',
    remedy: 'Send rows with at most 3 empty cells a column inside the last lookback rows.',
  },
  FLTS_TOO_FEW_ROWS: {
    ...PAYLOAD,
    problem: 'There are fewer rows than the model looks back.',
    remedy: 'Send at least the lookback of the model.',
  },
  FLTS_BAD_SERIES: {
    ...PAYLOAD,
    problem: "'series' is not a list of {id, data}, or is too long, or an id is used twice.",
    remedy: 'Send a bounded list of objects, each with an id of its own and data.',
  },
  FLTS_BAD_PARAMETER: {
    status: 422,
    exit: 'usage',
    problem: 'A parameter has the wrong type or lies outside its range.',
    remedy: 'inference_length: 1..10000; level: percentages above 0 and below 100; X-Priority: 0..3; see the message.',
  },
  FLTS_BODY_TOO_LARGE: {
    status: 413,
    exit: 'input',
    problem: 'The body is larger than the server accepts.',
    remedy: 'Send fewer rows or series, or raise body_limit_bytes.',
  },
  FLTS_CONTENT_TYPE: {
    status: 415,
    exit: 'input',
    problem: 'The content type is not application/json.',
    remedy: 'Send content-type: application/json.',
  },
  FLTS_UNAUTHORIZED: {
    status: 401,
    exit: 'refused',
    problem: 'The key is missing or wrong.',
    remedy: 'Send X-Api-Key or Authorization: Bearer with a configured key.',
  },
  FLTS_ROUTE_NOT_FOUND: {
    status: 404,
    exit: 'not_found',
    problem: 'There is no such route.',
    remedy: 'POST /predict; GET /healthz, /ready, /metrics, /queue_stats.',
  },
  FLTS_METHOD_NOT_ALLOWED: {
    status: 405,
    exit: 'usage',
    problem: 'The route does not answer this method.',
    remedy: 'Use a method of the Allow header.',
  },
  FLTS_REQUEST_TIMEOUT: {
    status: 408,
    exit: 'environment',
    problem: 'The request did not arrive in full in time.',
    remedy: 'Send headers and body without pauses, or raise receive_timeout_ms.',
  },
  FLTS_BAD_REQUEST: {
    ...PAYLOAD,
    problem: 'The HTTP request itself cannot be read.',
    remedy: 'Send well-formed HTTP/1.1.',
  },
  // ── what the service cannot do right now ──
  FLTS_NOT_READY: {
    status: 503,
    exit: 'environment',
    problem: 'No verified model is loaded.',
    remedy: 'Promote a model (`flts models promote`), or wait until it is loaded.',
  },
  FLTS_QUEUE_FULL: {
    status: 503,
    exit: 'environment',
    problem: 'The queue is at its bound.',
    remedy: 'Try again after Retry-After; add workers or replicas.',
  },
  FLTS_STEPS_FULL: {
    status: 503,
    exit: 'environment',
    problem: 'The service has as many forecast steps under way as it may.',
    remedy: 'Try again after Retry-After; ask for fewer steps or series; raise max_steps_in_flight.',
  },
  FLTS_BYTES_FULL: {
    status: 503,
    exit: 'environment',
    problem: 'The service holds as many bytes of request bodies as it may.',
    remedy: 'Try again after Retry-After; send fewer rows; raise max_bytes_in_flight.',
  },
  FLTS_LIMIT_REACHED: {
    status: 503,
    exit: 'environment',
    problem: 'The service has as many requests as it can answer without a standing queue.',
    remedy: 'Try again after Retry-After; add workers or replicas; adaptive_concurrency false lets the queue grow.',
  },
  FLTS_PREDICTED_LATE: {
    status: 503,
    exit: 'environment',
    problem: 'The answer would come after the deadline of the request, so it is not begun.',
    remedy: 'Try again after Retry-After; allow more time (X-Request-Timeout-Ms), ask for fewer steps, or add workers.',
  },
  FLTS_OVER_SHARE: {
    status: 429,
    exit: 'environment',
    problem: 'The service is busy, and the client has its fair share of it already.',
    remedy: 'Try again after Retry-After; send fewer requests at once.',
  },
  FLTS_DRAINING: {
    status: 503,
    exit: 'environment',
    problem: 'The process is shutting down.',
    remedy: 'Try again; another replica answers.',
  },
  FLTS_DEADLINE: {
    status: 504,
    exit: 'environment',
    problem: "The request's deadline passed before its answer was ready.",
    remedy: 'Allow more time (X-Request-Timeout-Ms), ask for fewer steps, or add workers.',
  },
  FLTS_CLIENT_GONE: {
    status: 499,
    exit: 'environment',
    problem: 'The client closed the connection before its answer was ready; nobody reads this reply.',
    remedy: 'Wait longer for answers, or ask for fewer steps.',
  },
  FLTS_NON_FINITE_OUTPUT: {
    status: 500,
    exit: 'unexpected',
    problem: 'The model answered with a value that is not finite.',
    remedy: 'Look at the window that was sent; verify the model with `flts models verify`.',
  },
  FLTS_WORKER_FAILED: {
    status: 503,
    exit: 'environment',
    problem: 'An inference worker died while it held the request.',
    remedy: 'Try again; the worker is replaced. Look at the log.',
  },
  FLTS_INTERNAL: {
    status: 500,
    exit: 'unexpected',
    problem: 'Something unexpected happened.',
    remedy: 'Look for the req_id in the log, and report it.',
  },
  // ── what the command line meets ──
  FLTS_USAGE: { status: null, exit: 'usage', problem: 'The command line is wrong.', remedy: 'See --help.' },
  FLTS_SETTINGS: {
    status: null,
    exit: 'usage',
    problem: 'A setting is unknown or has a bad value.',
    remedy: 'See `flts config` for every setting, its range and where its value came from.',
  },
  FLTS_FILE_NOT_FOUND: {
    status: null,
    exit: 'not_found',
    problem: 'A file or folder is not there.',
    remedy: 'Check the path.',
  },
  FLTS_CSV: {
    status: null,
    exit: 'input',
    problem: 'A CSV file cannot be read as cell traffic.',
    remedy: 'Mend the line that the message names.',
  },
  FLTS_TOO_LITTLE_DATA: {
    status: null,
    exit: 'input',
    problem: 'There are too few rows for what was asked.',
    remedy: 'Give more rows.',
  },
  FLTS_NO_MODEL: {
    status: null,
    exit: 'not_found',
    problem: 'The registry has no such model, or none is promoted.',
    remedy: 'Train one: `flts train FILE.csv --promote`; `flts models list` shows what is there.',
  },
  FLTS_BUNDLE_CORRUPT: {
    status: null,
    exit: 'refused',
    problem: 'A model bundle is damaged: a part is missing, unreadable, or has another digest.',
    remedy: 'Train or copy it again; `flts models verify` names the damaged part.',
  },
  FLTS_BUNDLE_VERSION: {
    status: null,
    exit: 'refused',
    problem: 'A file was written by a newer version.',
    remedy: 'Upgrade flts.',
  },
  FLTS_GOLDEN_MISMATCH: {
    status: null,
    exit: 'refused',
    problem: 'The model does not reproduce its golden window.',
    remedy: 'Do not serve it; train it again.',
  },
  FLTS_PROMOTION_REFUSED: {
    status: null,
    exit: 'refused',
    problem: 'The model is no better than persistence on held-out rows.',
    remedy: 'Train a better one, or override with --force (recorded).',
  },
  FLTS_RUN_BUNDLE: {
    status: null,
    exit: 'input',
    problem: 'A run bundle cannot be read.',
    remedy: 'Check the folder; it needs at least run.json.',
  },
  FLTS_SCENARIO: {
    status: null,
    exit: 'usage',
    problem: 'A load-test scenario is wrong.',
    remedy: 'Mend the lines that the message names.',
  },
  FLTS_TARGET_DOWN: {
    status: null,
    exit: 'environment',
    problem: 'The target of the load test or forecast does not answer.',
    remedy: 'Start it (`flts serve`), or check the URL.',
  },
  FLTS_TARGET_REFUSED: {
    status: null,
    exit: 'environment',
    problem: 'The target of the load test does not take such requests.',
    remedy: 'Check the path, keys (--header) and columns (--columns, --data) against what the target expects.',
  },
  FLTS_TARGET_NOT_LOCAL: {
    status: null,
    exit: 'refused',
    problem: 'A heavy load test was aimed beyond this machine.',
    remedy: 'Make sure that you may load that host, then add --yes.',
  },
  FLTS_PORT_IN_USE: {
    status: null,
    exit: 'environment',
    problem: 'The port is taken.',
    remedy: 'Choose another with --port, or stop the process that has it.',
  },
  FLTS_CANNOT_LISTEN: {
    status: null,
    exit: 'environment',
    problem: 'The service cannot listen on the address.',
    remedy: 'Choose an address of this machine with --host, and a port above 1023 with --port.',
  },
  FLTS_NO_DEVICE: {
    status: null,
    exit: 'environment',
    problem: 'The device cannot be used.',
    remedy:
      'Serve with --device cpu, or install the GPU driver and ONNX Runtime’s CUDA libraries beside onnxruntime-node.',
  },
  FLTS_PROCESS_FAILED: {
    status: 503,
    exit: 'environment',
    problem: 'A serving process could not be started, or did not answer in time.',
    remedy: 'Look at the log for what it said before; it is replaced.',
  },
  FLTS_CANNOT_WRITE: {
    status: null,
    exit: 'environment',
    problem: 'A file cannot be written: disk full, no right, or no such folder.',
    remedy: 'Free space or choose another folder. Nothing half-written is left behind.',
  },
  FLTS_INTERRUPTED: {
    status: null,
    exit: 'interrupted',
    problem: 'The command was interrupted before it was done.',
    remedy: 'Run it again.',
  },
  FLTS_RUN_INVALID: {
    status: null,
    exit: 'invalid_run',
    problem: 'The load test is INVALID: its figures cannot be trusted.',
    remedy: 'Mend what the reasons name, and run it again.',
  },
  FLTS_REQUIREMENT_FAILED: {
    status: null,
    exit: 'requirement_failed',
    problem: 'A requirement of the load test was not met.',
    remedy: 'See the requirements table of the report.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * An error of the catalogue. `message` is one sentence for the case at hand (for HTTP it is the reply's `detail`);
 * `details` are facts for logs and `--json`, never secrets.
 */
export class FltsError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** What to do; the catalogue's remedy unless the case has a better one. */
  readonly remedy: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: { remedy?: string; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FltsError';
    this.code = code;
    this.remedy = options.remedy ?? ERRORS[code].remedy;
    this.details = options.details;
  }
}
