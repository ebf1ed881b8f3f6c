import type { ErrorEntry } from './error-entry.js';

/** What goes wrong between this program and where models or results are kept, when that is not a folder. */
export const SOURCE_ERRORS = {
  FLTS_SOURCE_DOWN: {
    status: null,
    exit: 'environment',
    problem: 'The registry or object store does not answer, answers too slowly, or fails.',
    remedy: 'Check its address and that it runs. A service goes on with the version it has, and asks again by itself.',
  },
  FLTS_SOURCE_DENIED: {
    status: null,
    exit: 'refused',
    problem: 'The registry or object store does not let us in.',
    remedy:
      'Check the credentials: AWS_* or a profile for S3, MLFLOW_TRACKING_USERNAME and _PASSWORD or _TOKEN for MLflow.',
  },
  FLTS_SOURCE_REFUSED: {
    status: null,
    exit: 'refused',
    problem:
      'The registry or object store answered what is not accepted: another host or scheme, a path that leaves its folder, too much.',
    remedy: 'Look at what the message names; nothing beyond the configured addresses is ever asked.',
  },
  FLTS_SOURCE_CONFLICT: {
    status: null,
    exit: 'refused',
    problem: 'Somebody else changed the same thing at the same time.',
    remedy: 'Look at what is there now (`flts models list`), and decide again.',
  },
} as const satisfies Record<string, ErrorEntry>;
