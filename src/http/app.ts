import { createServer } from 'node:http';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { FltsError } from '../contract/index.js';
import type { AppOptions } from './app-options.js';
import { BodyRequest } from './body-request.js';
import { answerClientError } from './client-error.js';
import { mapError } from './error-mapper.js';
import { addJsonBodies } from './json-body.js';
import { OpenConnections } from './open-connections.js';
import { isPredict, PREDICT_PATH, PredictEndpoint } from './predict-endpoint.js';
import { requestIds } from './request-ids.js';
import { RequestTurns } from './request-turns.js';
import { closeTrace, type RequestTrace, serverTiming, startTrace } from './request-trace.js';
import { adminRoutes } from './routes/admin.js';
import { healthRoutes } from './routes/health.js';
import { metricsRoutes } from './routes/metrics.js';
import { repositoryRoutes } from './routes/repository.js';

declare module 'fastify' {
  interface FastifyRequest {
    trace: RequestTrace;
  }
}

/** Idle connections are kept a little longer than load balancers keep theirs, so that those close first. */
const KEEP_ALIVE_MS = 72_000;
/** Most connections at once; further ones are closed at once. */
const MAX_CONNECTIONS = 20_000;

/** The service's HTTP interface (CONTRACT §1, §3), not listening yet. */
export function buildApp(options: AppOptions): FastifyInstance {
  const nextId = requestIds(options.firstRequestId);
  const connections = new OpenConnections(options.connections);
  const turns = new RequestTurns(options.clock);
  const predict = new PredictEndpoint(options, nextId, connections, turns);
  const app = fastify({
    logger: false,
    bodyLimit: options.bodyLimitBytes,
    // While draining, our own 503 says why.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    serverFactory: (handler) => {
      const server = createServer(
        {
          IncomingMessage: BodyRequest,
          requestTimeout: options.receiveTimeoutMs,
          headersTimeout: options.receiveTimeoutMs,
          keepAliveTimeout: KEEP_ALIVE_MS,
          // How often slow senders are looked for.
          connectionsCheckingInterval: Math.min(1000, options.receiveTimeoutMs / 2),
        },
        (request, response) => {
          if (!connections.admit(request.socket)) return;
          if (isPredict(request)) predict.handle(request, response);
          else handler(request, response);
        },
      );
      server.on('clientError', answerClientError);
      connections.watch(server);
      server.on('connection', () => {
        turns.noteConnection();
      });
      return server;
    },
    genReqId: nextId,
    frameworkErrors: (error, request, reply) => {
      request.trace = startTrace(options.clock.nowUs());
      void answerError(options, error, request, reply);
    },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  addJsonBodies(app);
  traceRequests(app, options, connections);
  app.setErrorHandler((error, request, reply) => answerError(options, error, request, reply));
  healthRoutes(app, options);
  metricsRoutes(app, options);
  repositoryRoutes(app, options);
  adminRoutes(app, options);
  app.setNotFoundHandler((request, reply) => {
    answerUnknownRoute(app, request, reply);
  });
  return app;
}

/** Stamps every request, gives every reply its headers, and keeps the figures of the ended ones. */
function traceRequests(app: FastifyInstance, options: AppOptions, connections: OpenConnections): void {
  const { clock, service, metrics } = options;
  // Declared up front, so that all requests have one shape.
  app.decorateRequest('trace');
  app.addHook('onRequest', (request, reply, done) => {
    const trace = startTrace(clock.nowUs());
    request.trace = trace;
    options.noteRequests(1);
    connections.follow(request.raw.socket, reply.raw, () => {
      options.noteRequests(-1);
      const labels = {
        method: request.method,
        route: request.routeOptions.url ?? 'unmatched',
        status: String(reply.statusCode),
      };
      metrics.observeHttp(labels, (clock.nowUs() - trace.startUs) / 1e6);
    });
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    const { trace } = request;
    const nowUs = clock.nowUs();
    const parts = closeTrace(trace, nowUs);
    const runId = trace.runId ?? service.lane?.spec.runId ?? 'none';
    reply
      .header('x-request-id', request.id)
      .header('x-model-run-id', runId)
      .header('x-replica-id', options.replicaId)
      .header('server-timing', serverTiming(trace, parts));
    // A client that holds its connection would never notice that another replica should have it.
    if (connections.noteAnswer(request.raw.socket, nowUs) || service.isDraining) reply.header('connection', 'close');
    done();
  });
}

function answerError(options: AppOptions, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const mapped = mapError(error, request.id);
  request.trace.code = mapped.code;
  if (mapped.isUnexpected) {
    const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
    options.log.error('request failed unexpectedly', { reqId: request.id, route: request.routeOptions.url, cause });
  }
  if (mapped.retryAfterS !== null) reply.header('retry-after', String(mapped.retryAfterS));
  return reply.code(mapped.status).send(mapped.body);
}

const METHODS = ['GET', 'POST'] as const;

/** 405 where the path is known with another method, else 404. */
function answerUnknownRoute(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): void {
  const [path = ''] = request.url.split('?');
  const allowed = METHODS.filter(
    (method) => app.hasRoute({ method, url: path }) || (method === 'POST' && path === PREDICT_PATH),
  );
  if (allowed.length === 0) {
    throw new FltsError('FLTS_ROUTE_NOT_FOUND', `There is no route ${request.method} ${path.slice(0, 100)}`);
  }
  reply.header('allow', allowed.join(', '));
  throw new FltsError('FLTS_METHOD_NOT_ALLOWED', `${path} does not answer ${request.method}`);
}
