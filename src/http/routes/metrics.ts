import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AppOptions } from '../app-options.js';

/** `GET /metrics`, `/prometheus`: Prometheus text, or `/queue_stats`'s snapshot for who accepts JSON only. */
export function metricsRoutes(app: FastifyInstance, options: AppOptions): void {
  const { metrics, machine } = options;
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (request.headers.accept?.includes('application/json') === true) return reply.send(await machine.stats());
    const text = await machine.metricsText();
    return reply.type(metrics.contentType).send(text);
  };
  app.get('/metrics', answer);
  app.get('/prometheus', answer);
  app.get('/queue_stats', async (_request, reply) => reply.send(await machine.stats()));
}
