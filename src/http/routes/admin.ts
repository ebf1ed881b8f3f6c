import type { FastifyInstance } from 'fastify';
import { FltsError, SETTINGS } from '../../contract/index.js';
import { isKnownKey, keyOf } from '../api-keys.js';
import type { AppOptions } from '../app-options.js';

/**
 * `POST /reload_latest` asks the registry now; `POST /scale_workers` changes the inference threads while they serve.
 * Only there when an admin token is configured.
 */
export function adminRoutes(app: FastifyInstance, options: AppOptions): void {
  const { adminDigest, machine } = options;
  if (adminDigest === null) return;
  app.register((admin, _options, done) => {
    admin.addHook('onRequest', (request, _reply, next) => {
      const token = keyOf({ authorization: request.headers.authorization });
      const isAdmin = token !== null && isKnownKey(token, [adminDigest]);
      next(isAdmin ? undefined : new FltsError('FLTS_UNAUTHORIZED', 'The admin token is required'));
    });
    admin.post('/reload_latest', async (_request, reply) => reply.send(await machine.reload()));
    admin.post('/scale_workers', async (request, reply) =>
      reply.send(await machine.scaleWorkers(askedWorkers(request.body))),
    );
    done();
  });
}

function askedWorkers(body: unknown): number {
  const { max } = SETTINGS.workers;
  const workers = typeof body === 'object' && body !== null && 'workers' in body ? body.workers : undefined;
  if (typeof workers === 'number' && Number.isInteger(workers) && workers >= 1 && workers <= max) return workers;
  throw new FltsError('FLTS_BAD_PARAMETER', `'workers' must be an integer from 1 to ${max}`);
}
