import { isAscii, isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { FltsError } from '../contract/index.js';

/** The value of a JSON body. Broken UTF-8 is no JSON. Throws FLTS_NOT_JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(textOf(body));
  } catch (cause) {
    throw new FltsError('FLTS_NOT_JSON', 'Request body is not valid JSON', { cause });
  }
}

/** Decoding ASCII, which numbers and timestamps are, is a copy; UTF-8 must be read byte by byte. */
function textOf(body: Buffer): string {
  if (isAscii(body)) return body.toString('latin1');
  if (isUtf8(body)) return body.toString('utf8');
  throw new SyntaxError('not UTF-8');
}

/**
 * Parses `application/json` bodies for Fastify's routes; an empty one is undefined. Keys such as `__proto__` become
 * plain own keys, which nothing here looks up.
 */
export function addJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    try {
      done(null, body.length === 0 ? undefined : parseJson(body));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}
