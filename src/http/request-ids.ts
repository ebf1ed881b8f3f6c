import type { IncomingMessage } from 'node:http';

/** A client's own request id is taken over when it looks like one. */
const CLIENT_REQUEST_ID = /^[\w.-]{1,64}$/;

/** Ids of requests: the client's own, else eight hexadecimal digits that count up from `first`. */
export function requestIds(first: number): (request: IncomingMessage) => string {
  let next = first;
  return (request) => {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && CLIENT_REQUEST_ID.test(given)) return given;
    next = (next + 1) >>> 0;
    return next.toString(16).padStart(8, '0');
  };
}
