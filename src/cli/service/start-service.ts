import { createHash, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { FltsError, type QueueStats, type Settings } from '../../contract/index.js';
import { buildApp, digestOf, listen, parseKeyFile } from '../../http/index.js';
import { openRegistry } from '../../registry/index.js';
import { monotonicUs, startPool, systemClock } from '../../runtime/index.js';
import {
  Engine,
  ForecastCache,
  type Log,
  ModelManager,
  PredictionService,
  queueStats,
  RequestLedger,
  type StatsSources,
} from '../../serving/index.js';
import { ProcessSelfView, PrometheusMetrics, readCgroup, readTextOrNull } from '../../telemetry/index.js';
import { wireMetrics } from './wire-metrics.js';

export interface ServiceOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly version: string;
  /** The inference thread's entry: a built file. Tests that run from source give it. */
  readonly workerUrl?: URL;
}

/** A service that listens. */
export interface RunningService {
  /** Where it is reached, such as http://127.0.0.1:8000. */
  readonly url: string;
  readonly app: FastifyInstance;
  readonly stats: () => QueueStats;
  /**
   * Readiness goes 503, requests under way are answered, then everything is closed; true when nothing was lost.
   * Takes at most `drainGraceMs`. Further calls wait for the first.
   */
  stop(): Promise<boolean>;
}

/**
 * Puts the service together, and listens before the first model is looked for, so that the port is known to be free
 * and liveness can be asked at once. Returns after the first look at the registry, with or without a model; without
 * one it throws FLTS_NO_MODEL if `waitForModel` is off.
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { settings, log } = options;
  const keys =
    settings.apiKeysFile === '' ? null : parseKeyFile(readKeyFile(settings.apiKeysFile), settings.apiKeysFile);
  const registry = openRegistry(settings.registry);
  const workers = settings.workers === 0 ? await defaultWorkers() : settings.workers;
  const metrics = new PrometheusMetrics();
  const ledger = new RequestLedger(metrics);
  const self = new ProcessSelfView();
  await self.refresh();

  const service = createPredictionService(settings, metrics, log);
  const manager = new ModelManager(
    service,
    registry,
    (fetched) =>
      startPool(fetched, {
        workers,
        maxRows: settings.maxBatchRows,
        log,
        onLost: () => {
          ledger.noteWorkerLost();
        },
        ...(options.workerUrl === undefined ? {} : { workerUrl: options.workerUrl }),
      }),
    { clock: systemClock, metrics, log },
    { identifier: settings.identifier, pollMs: settings.registryPollMs },
  );
  const processStartUs = monotonicUs() - process.uptime() * 1e6;
  const sources: StatsSources = {
    service,
    manager,
    ledger,
    self,
    identity: { buildVersion: options.version, replicaId: settings.replicaId || `${hostname()}-${process.pid}` },
    startupReadyMs: () => (service.firstReadyUs === null ? null : (service.firstReadyUs - processStartUs) / 1000),
  };
  const inFlight = wireMetrics(metrics, sources, systemClock);
  const app = buildApp({
    ...sources,
    metrics,
    queueStats: () => queueStats(sources),
    noteRequests: inFlight,
    clock: systemClock,
    log,
    replicaId: sources.identity.replicaId,
    bodyLimitBytes: settings.bodyLimitBytes,
    receiveTimeoutMs: settings.receiveTimeoutMs,
    adminDigest: settings.adminToken === '' ? null : digestOf(settings.adminToken),
    keys,
    firstRequestId: randomInt(2 ** 32),
  });
  const close = closer(app, service, manager, self, settings.drainGraceMs);
  try {
    const url = await listen(app, settings.host, settings.port);
    log.info('listening', { url, workers });
    await manager.start();
    if (!service.isReady && !settings.waitForModel) {
      throw new FltsError('FLTS_NO_MODEL', `No model to serve: ${manager.reason ?? 'none was found'}.`);
    }
    self.start((lagMs) => {
      metrics.observe('event_loop_lag_seconds', lagMs / 1000);
    });
    return { url, app, stats: () => queueStats(sources), stop: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function createPredictionService(settings: Settings, metrics: PrometheusMetrics, log: Log): PredictionService {
  const engine = new Engine(
    {
      maxBatchRows: settings.maxBatchRows,
      maxQueueLength: settings.maxQueueLength,
      maxActive: settings.predictMaxConcurrency === 0 ? Number.POSITIVE_INFINITY : settings.predictMaxConcurrency,
    },
    systemClock,
    metrics,
    log,
  );
  const cache = settings.enablePredictCache
    ? new ForecastCache({ maxBytes: settings.cacheMaxBytes, ttlMs: settings.cacheTtlMs }, systemClock, (bytes) =>
        createHash('sha256').update(bytes).digest('base64'),
      )
    : null;
  return new PredictionService(engine, cache, systemClock, metrics, settings);
}

/** Ends everything in order, once; requests under way are answered first, within the grace. */
function closer(
  app: FastifyInstance,
  service: PredictionService,
  manager: ModelManager,
  self: ProcessSelfView,
  graceMs: number,
): () => Promise<boolean> {
  const close = async (): Promise<boolean> => {
    let isLost = false;
    const drained = service.drain();
    const grace = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        isLost = true;
        // Whoever still waits or still sends has had his time.
        app.server.closeAllConnections();
        resolve();
      }, graceMs);
      void drained
        .then(() => app.close())
        .then(() => {
          clearTimeout(timer);
          resolve();
        });
    });
    await grace;
    await manager.stop();
    await app.close();
    await service.close();
    self.stop();
    return !isLost;
  };
  let closing: Promise<boolean> | null = null;
  return () => (closing ??= close());
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FltsError('FLTS_FILE_NOT_FOUND', `The API key file ${path} cannot be read.`, { cause });
  }
}

/** One less than the cores that the process may use, for the HTTP thread; at least 1. */
async function defaultWorkers(): Promise<number> {
  const limit = (await readCgroup(readTextOrNull))?.cpu_limit_cores ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(Math.min(availableParallelism(), limit)) - 1);
}
