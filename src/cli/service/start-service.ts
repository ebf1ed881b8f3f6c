import { createHash, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { type Device, FltsError, type QueueStats, type Settings } from '../../contract/index.js';
import { buildApp, digestOf, listen, type MachineView, parseKeyFile } from '../../http/index.js';
import { ModelWorkers, monotonicUs, probeDevice, systemClock } from '../../runtime/index.js';
import {
  ConnectionLives,
  Engine,
  ForecastCache,
  type Log,
  type ModelCatalogue,
  type ModelTable,
  PredictionService,
  RequestLedger,
  type StatsSources,
} from '../../serving/index.js';
import { ProcessSelfView, PrometheusMetrics } from '../../telemetry/index.js';
import { planCores, usableCores } from './core-plan.js';
import { createModels } from './create-models.js';
import { LocalMachine } from './local-machine.js';
import { wireMetrics } from './wire-metrics.js';
import { replicaName } from './replica-name.js';

export interface ServiceOptions {
  readonly settings: Settings;
  readonly log: Log;
  readonly version: string;
  /** The inference thread's entry: a built file. Tests that run from source give it. */
  readonly workerUrl?: URL;
  /** Given to a process that shares its port with others. */
  readonly share?: PortShare;
}

/** What a process that shares its port needs of the others. */
export interface PortShare {
  readonly replicaId: string;
  /** All processes together, as the routes show them. */
  readonly machine: MachineView;
  /** A process that takes the place of another joins when it can answer, not before. */
  readonly listensWhenReady: boolean;
}

/** A service that listens. */
export interface RunningService {
  /** Where it is reached, such as http://127.0.0.1:8000. */
  readonly url: string;
  readonly app: FastifyInstance;
  readonly local: LocalMachine;
  readonly stats: () => QueueStats;
  /**
   * Readiness goes 503; for `drainNoticeMs` requests are answered as before, with the last answer of their connections.
   * Then requests under way are answered, and everything is closed; true when nothing was lost. That takes at most
   * `drainGraceMs`. Further calls wait for the first.
   */
  stop(): Promise<boolean>;
}

/**
 * Puts the service together, and listens before the first model is looked for (unless `listenWhenReady` is on), so that
 * the port is known to be free and liveness can be asked at once. Returns after the first look at the registry, with or without a model; without
 * one it throws FLTS_NO_MODEL if `waitForModel` is off.
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { settings, log } = options;
  const keys = settings.apiKeysFile === '' ? null : readKeys(settings.apiKeysFile);
  const models = createModels(settings);
  const device = settings.device === 'cuda' ? 'cuda' : 'cpu';
  // The CPU is always there, and trying it would cost the start a tenth of a second.
  if (device !== 'cpu') await probeDevice(device);
  const { workers } = planCores(settings, await usableCores());
  const metrics = new PrometheusMetrics();
  const ledger = new RequestLedger(metrics);
  const self = new ProcessSelfView();
  await self.refresh();

  const service = createPredictionService(settings, models.table, metrics, log);
  const modelWorkers = createModelWorkers(options, workers, device, ledger);
  const catalogue = models.follow(service, modelWorkers, { clock: systemClock, metrics, log });
  const processStartUs = monotonicUs() - process.uptime() * 1e6;
  const replicaId = options.share?.replicaId ?? replicaName(settings.replicaId);
  const sources: StatsSources = {
    service,
    catalogue,
    ledger,
    self,
    identity: { buildVersion: options.version, replicaId },
    startupReadyMs: () => (service.firstReadyUs === null ? null : (service.firstReadyUs - processStartUs) / 1000),
  };
  const inFlight = wireMetrics(metrics, sources, systemClock);
  const local = new LocalMachine(sources, metrics, modelWorkers);
  const app = buildApp({
    ...sources,
    metrics,
    machine: options.share?.machine ?? local,
    noteRequests: inFlight,
    clock: systemClock,
    connections: new ConnectionLives(
      { maxRequests: settings.maxConnectionRequests, maxAgeUs: settings.maxConnectionAgeMs * 1000 },
      systemClock,
      { next: Math.random },
    ),
    log,
    replicaId,
    bodyLimitBytes: settings.bodyLimitBytes,
    receiveTimeoutMs: settings.receiveTimeoutMs,
    adminDigest: settings.adminToken === '' ? null : digestOf(settings.adminToken),
    keys,
    firstRequestId: randomInt(2 ** 32),
  });
  const close = closer(app, service, catalogue, self, settings);
  try {
    const listensLast = settings.listenWhenReady || options.share?.listensWhenReady === true;
    if (listensLast) await catalogue.start();
    const url = await listen(app, settings.host, settings.port);
    log.info('listening', { url, workers });
    if (!listensLast) await catalogue.start();
    if (!service.isReady && !settings.waitForModel) {
      throw new FltsError('FLTS_NO_MODEL', `No model to serve: ${catalogue.reason ?? 'none was found'}.`);
    }
    self.start((lagMs) => {
      metrics.observe('event_loop_lag_seconds', lagMs / 1000);
    });
    return { url, app, local, stats: () => local.stateNow(), stop: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function createModelWorkers(
  { settings, log, workerUrl }: ServiceOptions,
  workers: number,
  device: Device,
  ledger: RequestLedger,
): ModelWorkers {
  return new ModelWorkers(workers, {
    maxRows: settings.maxBatchRows,
    device,
    log,
    onLost: () => {
      ledger.noteWorkerLost();
    },
    ...(workerUrl === undefined ? {} : { workerUrl }),
  });
}

function createPredictionService(
  settings: Settings,
  models: ModelTable,
  metrics: PrometheusMetrics,
  log: Log,
): PredictionService {
  const engine = new Engine(
    {
      maxBatchRows: settings.maxBatchRows,
      maxQueueDelayUs: settings.maxQueueDelayUs,
      maxQueueLength: settings.maxQueueLength,
      maxStepsInFlight: settings.maxStepsInFlight,
      maxBytesInFlight: settings.maxBytesInFlight,
      adaptiveConcurrency: settings.adaptiveConcurrency,
      fairShare: settings.fairShare,
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
  return new PredictionService(engine, cache, systemClock, metrics, settings, models);
}

/** Ends everything in order, once; requests under way are answered first, within the grace. */
function closer(
  app: FastifyInstance,
  service: PredictionService,
  catalogue: ModelCatalogue,
  self: ProcessSelfView,
  times: Pick<Settings, 'drainNoticeMs' | 'drainGraceMs'>,
): () => Promise<boolean> {
  const close = async (): Promise<boolean> => {
    const isNoticed = times.drainNoticeMs > 0 && app.server.listening;
    if (isNoticed) {
      service.giveNotice();
      await new Promise((resolve) => setTimeout(resolve, times.drainNoticeMs));
    }
    // Who comes after the notice is sent elsewhere by a refused connection, which balancers take as a reason to ask
    // another replica; whoever is connected still gets an answer. Without notice nobody could know, so that a 503 with
    // its reason is the better answer.
    const finished = isNoticed ? app.close().then(() => service.drain()) : service.drain().then(() => app.close());
    const isClean = await within(times.drainGraceMs, finished);
    // Whoever still waits or still sends has had his time.
    if (!isClean) app.server.closeAllConnections();
    await catalogue.stop();
    await app.close();
    await service.close();
    self.stop();
    return isClean;
  };
  let closing: Promise<boolean> | null = null;
  return () => (closing ??= close());
}

/** Whether `work` is done in time. */
function within(timeMs: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, timeMs);
    work
      .then(() => {
        resolve(true);
      }, reject)
      .finally(() => {
        clearTimeout(timer);
      });
  });
}

function readKeys(path: string): ReturnType<typeof parseKeyFile> {
  return parseKeyFile(readKeyFile(path), path);
}

function readKeyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FltsError('FLTS_FILE_NOT_FOUND', `The API key file ${path} cannot be read.`, { cause });
  }
}
