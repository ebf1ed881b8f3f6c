import { FltsError } from '../../contract/index.js';

/** What an error of the S3 client says, whatever class it is of. */
interface S3Failure {
  readonly name: string;
  readonly status: number | null;
  readonly code: string;
}

const DENIED_STATUS: readonly number[] = [401, 403];
/** They pass: throttling, a clock that the client has put right meanwhile, a connection that was cut. */
const PASSING_NAMES: readonly string[] = [
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'TimeoutError',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'AbortError',
  'IncompleteBody',
  'OperationAborted',
];

/** What an error of the S3 client says. Messages of the client are not kept: they may quote what was sent. */
export function failureOf(error: unknown): S3Failure {
  const { name, $metadata, code, $response } = error as {
    name?: unknown;
    $metadata?: { httpStatusCode?: unknown };
    code?: unknown;
    $response?: { statusCode?: unknown };
  };
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  return {
    name: typeof name === 'string' ? name : 'unknown',
    status: typeof status === 'number' ? status : null,
    code: typeof code === 'string' ? code : '',
  };
}

/** The error of the catalogue for a failure of the S3 client; `what` begins the sentence: "s3://b/k cannot be read". */
export function s3Error(what: string, error: unknown): FltsError {
  if (error instanceof FltsError) return error;
  const { name, status, code } = failureOf(error);
  if (name === 'CredentialsProviderError' || (name === 'Error' && /credential/i.test(String(error)))) {
    return new FltsError('FLTS_SOURCE_DENIED', `${what}: no credentials were found.`);
  }
  const isPassing = PASSING_NAMES.includes(name);
  if (!isPassing && status !== null && DENIED_STATUS.includes(status)) {
    return new FltsError('FLTS_SOURCE_DENIED', `${what}: the server answers ${status} ${name}.`);
  }
  if (!isPassing && status !== null && status >= 300 && status < 400) {
    return new FltsError(
      'FLTS_SOURCE_REFUSED',
      `${what}: the server answers ${status} and points elsewhere, which is not followed.`,
      { remedy: 'Give the right endpoint and region.' },
    );
  }
  if (!isPassing && status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return new FltsError('FLTS_SOURCE_REFUSED', `${what}: the server answers ${status} ${name}.`);
  }
  const why = status === null ? code || name : `the server answers ${status} ${name}`;
  return new FltsError('FLTS_SOURCE_DOWN', `${what}: ${why}.`);
}
