import { type ErrorCode, type ErrorReply, FltsError } from '../contract/index.js';
import { statusOf } from '../serving/index.js';

/** An error as it goes to the client. */
export interface MappedError {
  readonly code: ErrorCode;
  readonly status: number;
  readonly body: ErrorReply;
  /** Seconds for Retry-After; null where trying again at once is as good as later. */
  readonly retryAfterS: number | null;
  /** Whether nobody foresaw it: then it belongs into the log, with its cause. */
  readonly isUnexpected: boolean;
}

/** What Fastify's own errors mean in the catalogue. */
const FASTIFY_ERRORS: Readonly<Record<string, { code: ErrorCode; detail: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'FLTS_BODY_TOO_LARGE',
    detail: 'The request body is larger than this server accepts',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'FLTS_CONTENT_TYPE', detail: 'The content type must be application/json' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'FLTS_BAD_REQUEST',
    detail: 'The body is not as long as Content-Length says',
  },
  FST_ERR_BAD_URL: { code: 'FLTS_BAD_REQUEST', detail: 'The URL cannot be read' },
};

/** Maps whatever was thrown to a reply. What nobody foresaw is a 500 with the request's id and no internals. */
export function mapError(error: unknown, reqId: string): MappedError {
  if (error instanceof FltsError && error.code !== 'FLTS_INTERNAL') return mapKnown(error, reqId);
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? FASTIFY_ERRORS[code] : undefined;
  if (known !== undefined) return mapKnown(new FltsError(known.code, known.detail), reqId);
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return mapKnown(new FltsError('FLTS_BAD_REQUEST', 'The request cannot be read'), reqId);
  }
  const body = { detail: 'Internal server error', code: 'FLTS_INTERNAL', req_id: reqId };
  return { code: 'FLTS_INTERNAL', status: 500, body, retryAfterS: null, isUnexpected: true };
}

function mapKnown(error: FltsError, reqId: string): MappedError {
  const status = statusOf(error.code);
  const reason = error.details?.['reason'];
  const retryAfterS = error.details?.['retryAfterS'];
  return {
    code: error.code,
    status,
    body: {
      detail: error.message,
      code: error.code,
      ...(typeof reason === 'string' ? { reason } : {}),
      ...(status >= 500 ? { req_id: reqId } : {}),
    },
    retryAfterS: typeof retryAfterS === 'number' ? retryAfterS : status === 503 ? 1 : null,
    isUnexpected: false,
  };
}
