import type { ErrorEntry } from './error-entry.js';

/** What the service cannot do right now. */
export const SERVICE_ERRORS = {
  FLTS_NOT_READY: {
    status: 503,
    exit: 'environment',
    problem: 'No verified model is loaded.',
    remedy: 'Promote a model (`flts models promote`), or wait until it is loaded.',
  },
  FLTS_NO_MEMORY: {
    status: null,
    exit: 'environment',
    problem: 'There is too little memory to load another model version beside the one that serves.',
    remedy: 'Give the process more memory, fewer workers or fewer versions, or lower memory_reserve_bytes.',
  },
  FLTS_ROLLED_BACK: {
    status: null,
    exit: 'refused',
    problem: 'A model version was taken out of service because it did worse than the one before.',
    remedy:
      '`flts models rollback` makes the registry agree; promote it again, or POST /reload_latest, to try it again.',
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
} as const satisfies Record<string, ErrorEntry>;
