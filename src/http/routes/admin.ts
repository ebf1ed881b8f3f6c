import type { FastifyInstance } from 'fastify';
import { FltsError } from '../../contract/index.js';
import { isKnownKey, keyOf } from '../api-keys.js';
import type { AppOptions } from '../app-options.js';

/** `POST /reload_latest`: asks the registry now. Only there when an admin token is configured. */
export function adminRoutes(app: FastifyInstance, options: AppOptions): void {
  const { adminDigest, manager, service } = options;
  if (adminDigest === null) return;
  app.post(
    '/reload_latest',
    {
      onRequest: (request, _reply, done) => {
        const token = keyOf({ authorization: request.headers.authorization });
        const isAdmin = token !== null && isKnownKey(token, [adminDigest]);
        done(isAdmin ? undefined : new FltsError('FLTS_UNAUTHORIZED', 'The admin token is required'));
      },
    },
    async (_request, reply) => {
      const outcome = await manager.look(true);
      return reply.send({
        loaded: outcome.loaded,
        run_id: outcome.runId,
        model_type: service.lane?.spec.modelType ?? null,
        reason: outcome.reason,
      });
    },
  );
}
