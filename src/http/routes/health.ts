import type { FastifyInstance } from 'fastify';
import type { HealthReply } from '../../contract/index.js';
import type { AppOptions } from '../app-options.js';

/** `GET /healthz`, `/livez`: the process works. `GET /ready`, `/readyz`: it can answer predictions. */
export function healthRoutes(app: FastifyInstance, options: AppOptions): void {
  const { service, machine } = options;
  const health = (): HealthReply => ({
    status: 'ok',
    service: 'inference-api',
    model_ready: service.isReady,
    queue_length: service.engine.queued,
    startup_ready_ms: options.startupReadyMs(),
  });
  app.get('/healthz', (_request, reply) => reply.send(health()));
  app.get('/livez', (_request, reply) => reply.send(health()));
  for (const path of ['/ready', '/readyz']) {
    app.get(path, async (_request, reply) => {
      const { ready, reason } = await machine.readiness();
      if (ready) return reply.send({ status: 'ready' });
      return reply.code(503).header('retry-after', '1').send({ status: 'not_ready', reason });
    });
  }
}
