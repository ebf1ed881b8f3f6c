import type { ErrorEntry } from './error-entry.js';

const PAYLOAD = { status: 400, exit: 'input' } as const;

/** What a client can get wrong (CONTRACT §1). */
export const REQUEST_ERRORS = {
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
  FLTS_UNKNOWN_MODEL: {
    status: 404,
    exit: 'not_found',
    problem: 'The service has no such model, or no such version of it.',
    remedy: 'POST /v2/repository/index lists what it has; leave `model` and `version` out for the current one.',
  },
  FLTS_HORIZON_BEYOND_MODEL: {
    status: 422,
    exit: 'usage',
    problem: 'The horizon is beyond the steps of a model that cannot go on from its own forecast.',
    remedy: 'Ask for at most the steps of the model, or serve one that predicts every column that it reads.',
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
} as const satisfies Record<string, ErrorEntry>;
