import { isAscii, isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { FltsError } from '../contract/index.js';
import type { Clock, PredictionService } from '../serving/index.js';

/**
 * Parses `application/json` bodies, and notes when they were here and when they were parsed. An empty body is
 * undefined. Predictions of the common shape are read straight from their bytes instead. Keys such as `__proto__` become plain own keys, which nothing here looks up; broken UTF-8 is no JSON.
 */
export function addJsonBodies(app: FastifyInstance, clock: Clock, service: PredictionService): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const { trace } = request;
    trace.bodyUs = clock.nowUs();
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    // Query parameters go before the body's: the scanner knows nothing of them.
    const scanned = request.url === '/predict' ? service.scan(body) : null;
    if (scanned !== null) {
      trace.parsedUs = clock.nowUs();
      done(null, scanned);
      return;
    }
    try {
      const parsed: unknown = JSON.parse(textOf(body));
      trace.parsedUs = clock.nowUs();
      done(null, parsed);
    } catch (cause) {
      trace.parsedUs = clock.nowUs();
      done(new FltsError('FLTS_NOT_JSON', 'Request body is not valid JSON', { cause }), undefined);
    }
  });
}

/** Decoding ASCII, which numbers and timestamps are, is a copy; UTF-8 must be read byte by byte. */
function textOf(body: Buffer): string {
  if (isAscii(body)) return body.toString('latin1');
  if (isUtf8(body)) return body.toString('utf8');
  throw new SyntaxError('not UTF-8');
}
