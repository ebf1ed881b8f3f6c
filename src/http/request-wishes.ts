import type { IncomingHttpHeaders } from 'node:http';
import { FltsError } from '../contract/index.js';
import { DEFAULT_PRIORITY, PRIORITIES } from '../serving/index.js';

/** How soon a client wants its answer, by its headers. */
export interface RequestWishes {
  /** X-Request-Timeout-Ms, ≥ 1; null where there is none. */
  readonly askedTimeoutMs: number | null;
  /** X-Priority, 0 (first) to 3. */
  readonly priority: number;
}

/** Throws FLTS_BAD_PARAMETER, 422. */
export function readWishes(headers: IncomingHttpHeaders): RequestWishes {
  return {
    askedTimeoutMs: readTimeoutMs(headers['x-request-timeout-ms']),
    priority: readPriority(headers['x-priority']),
  };
}

function readTimeoutMs(header: string | string[] | undefined): number | null {
  if (header === undefined) return null;
  const value = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 0;
  if (value >= 1) return value;
  throw new FltsError(
    'FLTS_BAD_PARAMETER',
    "'X-Request-Timeout-Ms' must be a whole number of milliseconds, at least 1",
  );
}

function readPriority(header: string | string[] | undefined): number {
  if (header === undefined) return DEFAULT_PRIORITY;
  const value = typeof header === 'string' && /^\d$/.test(header) ? Number(header) : PRIORITIES;
  if (value < PRIORITIES) return value;
  throw new FltsError('FLTS_BAD_PARAMETER', `'X-Priority' must be a whole number from 0 (first) to ${PRIORITIES - 1}`);
}
