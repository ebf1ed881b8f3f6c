import type { Socket } from 'node:net';
import type { ErrorCode } from '../contract/index.js';

/** What Node's HTTP parser could not read, and what that means to a client. */
const CASES: Readonly<Record<string, { status: string; code: ErrorCode; detail: string }>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'FLTS_BAD_REQUEST',
    detail: 'The request headers are too large',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'FLTS_REQUEST_TIMEOUT',
    detail: 'The request did not arrive in full in time',
  },
};

const MALFORMED = {
  status: '400 Bad Request',
  code: 'FLTS_BAD_REQUEST',
  detail: 'The request is not well-formed HTTP',
};

/** Answers what never became a request, and closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // The client has closed already: nobody reads an answer.
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, code, detail } = CASES[error.code ?? ''] ?? MALFORMED;
  const body = JSON.stringify({ detail, code });
  if (!socket.writable) {
    socket.destroy(error);
    return;
  }
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
