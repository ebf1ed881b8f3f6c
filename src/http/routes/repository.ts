import type { FastifyInstance } from 'fastify';
import type { AppOptions } from '../app-options.js';

/**
 * `POST /v2/repository/index` (Open Inference Protocol, model repository extension; Triton answers the same): every
 * version that is loaded, on its way, or does not serve although it should, with the reason. `{"ready": true}` asks
 * for those only that serve.
 */
export function repositoryRoutes(app: FastifyInstance, { machine }: AppOptions): void {
  app.post('/v2/repository/index', async (request, reply) => {
    const entries = await machine.index();
    return reply.send(asksForReady(request.body) ? entries.filter(({ state }) => state === 'READY') : entries);
  });
}

function asksForReady(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'ready' in body && body.ready === true;
}
