import type { FastifyInstance, FastifyRequest } from 'fastify';
import { FltsError } from '../../contract/index.js';
import { isKnownKey, keyOf } from '../api-keys.js';
import type { AppOptions } from '../app-options.js';

/** `POST /predict` (CONTRACT §1). */
export function predictRoute(app: FastifyInstance, options: AppOptions): void {
  const { service, keys } = options;
  app.post<{ Querystring: Record<string, unknown> }>(
    '/predict',
    {
      // Before the body is read: a stranger's body costs nothing.
      onRequest: (request, _reply, done) => {
        if (keys === null) {
          done();
          return;
        }
        const key = keyOf(request.headers);
        const isLetIn = key !== null && isKnownKey(key, keys);
        done(isLetIn ? undefined : new FltsError('FLTS_UNAUTHORIZED', 'A valid API key is required'));
      },
    },
    async (request, reply) => {
      if (request.body === undefined || request.body === null) {
        // An empty body never reached the parser's end; JSON's own null is told apart by its stamp.
        if (request.trace.parsedUs === 0) throw new FltsError('FLTS_NOT_JSON', 'Request body is not valid JSON');
      }
      const pending = service.predict({
        body: request.body,
        queryHorizon: request.query['inference_length'],
        arrivalUs: request.trace.startUs,
        askedTimeoutMs: askedTimeoutMs(request),
        reqId: request.id,
        timing: request.trace.timing,
      });
      reply.raw.once('close', () => {
        pending.cancel();
      });
      const answer = await pending.reply;
      request.trace.cached = answer.cached;
      request.trace.runId = answer.runId;
      return reply.type('application/json; charset=utf-8').send(answer.text);
    },
  );
}

function askedTimeoutMs(request: FastifyRequest): number | null {
  const header = request.headers['x-request-timeout-ms'];
  if (header === undefined) return null;
  const value = typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : 0;
  if (value >= 1) return value;
  throw new FltsError(
    'FLTS_BAD_PARAMETER',
    "'X-Request-Timeout-Ms' must be a whole number of milliseconds, at least 1",
  );
}
