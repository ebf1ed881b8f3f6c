import { parseVersionPolicy } from '../../src/domain/rollout/index.js';
import {
  emptyTiming,
  Engine,
  ModelCatalogue,
  ModelManager,
  ModelTable,
  PredictionService,
  ServedModel,
} from '../../src/serving/index.js';
import {
  lineModel,
  lineWindow,
  type LoadFault,
  SimulatedHost,
  SimulatedRegistry,
  type SimulatedRun,
  VirtualClock,
} from '../../src/simulation/index.js';
import { RecordingLog, RecordingMetrics } from './recording-metrics.js';

/** The run id of version n of the simulated model. */
export const run = (version: number): string => lineModel(version, 1).runId;

export interface ManagedOptions {
  readonly policy?: string;
  readonly identifier?: string;
  readonly watchMs?: number;
  readonly maxVersions?: number;
}

/** A service on virtual time with one model, its registry and its workers, all simulated; looks once a second. */
export class ManagedModels {
  readonly clock = new VirtualClock();
  readonly registry = new SimulatedRegistry(1);
  readonly metrics = new RecordingMetrics();
  readonly log = new RecordingLog();
  /** What goes wrong while a version is loaded, and how its runs go; absent: all is well. */
  readonly faults = new Map<number, LoadFault>();
  readonly runs = new Map<number, SimulatedRun>();
  availableBytes: number | null = null;
  /** The next random number; in the middle, so that looks come once a second. */
  draw = 0.5;
  readonly host = new SimulatedHost(this.clock, {
    stepUs: 1000,
    faultOf: (runId) => this.faults.get(Number.parseInt(runId, 16)) ?? 'none',
    backendOf: ({ runId }) => ({
      workers: 1,
      maxRows: 8,
      restartUs: 0,
      run: () => this.runs.get(Number.parseInt(runId, 16)) ?? { durationUs: 1000, end: 'well' },
    }),
  });
  readonly service: PredictionService;
  readonly manager: ModelManager;
  readonly catalogue: ModelCatalogue;

  constructor(options: ManagedOptions = {}) {
    const { clock, metrics, log, registry, host } = this;
    const limits = {
      maxBatchRows: 8,
      maxQueueDelayUs: 0,
      maxQueueLength: 1000,
      maxStepsInFlight: 100_000,
      maxBytesInFlight: 1_000_000,
      maxActive: Number.POSITIVE_INFINITY,
      adaptiveConcurrency: false,
      fairShare: false,
    };
    const model = new ServedModel(null);
    const engine = new Engine(limits, clock, metrics, log);
    const bounds = { maxSeries: 8, maxForecastRows: 1000, requestTimeoutMs: 10_000 };
    this.service = new PredictionService(engine, null, clock, metrics, bounds, new ModelTable(model));
    this.manager = new ModelManager(
      this.service,
      model,
      {
        source: registry,
        host,
        memory: { availableBytes: () => Promise.resolve(this.availableBytes) },
        reserveBytes: 10,
        clock,
        metrics,
        log,
        room: () => (options.maxVersions ?? 8) - model.lanes.length,
      },
      {
        name: null,
        identifier: options.identifier ?? '',
        policy: parseVersionPolicy(options.policy ?? 'latest')!,
        watchMs: options.watchMs ?? 60_000,
      },
    );
    this.catalogue = new ModelCatalogue([this.manager], clock, 1000, { next: () => this.draw });
  }

  /** The first look, with a version if one is given. */
  async start(version?: number): Promise<this> {
    if (version !== undefined) this.registry.promote(version);
    const started = this.catalogue.start();
    await this.clock.advance(50_000);
    await started;
    return this;
  }

  async pass(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1e6);
  }

  /** Promotes a version and lets a look pass. */
  async promote(version: number): Promise<void> {
    this.registry.promote(version);
    await this.pass(1.1);
  }

  /** The versions that are known, with their states as clients see them. */
  index(): string[] {
    return this.catalogue
      .index()
      .map(({ version, state }) => `${version === '' ? '' : Number.parseInt(version, 16)} ${state}`);
  }

  reasonOf(version: number): string {
    return this.catalogue.index().find((entry) => entry.version === run(version))?.reason ?? '';
  }

  /** Sends requests, some milliseconds apart; which version answered, or the code of the error. */
  async ask(count: number, version: string | null = null): Promise<(number | string)[]> {
    const ends: (number | string)[] = [];
    for (let i = 0; i < count; i++) {
      const end = (error: unknown): void => {
        ends.push((error as { code: string }).code);
      };
      try {
        const head = { arrivalUs: this.clock.nowUs(), askedTimeoutMs: null, priority: 1, client: '', bytes: 0 };
        const visit = this.service.open(head, { model: null, version });
        const body = { data: lineWindow(i, 5) };
        const call = { body, queryHorizon: undefined, visit, reqId: '', timing: emptyTiming() };
        void this.service
          .predict(call)
          .reply.then(({ text, runId }) => {
            const { predictions } = JSON.parse(text) as { predictions: { value: number }[] };
            const answered = Number.parseInt(runId, 16);
            ends.push(predictions[0]!.value === 5 + answered ? answered : 'wrong');
          }, end)
          .finally(() => {
            visit.close();
          });
      } catch (error) {
        end(error);
      }
      await this.clock.advance(2000);
    }
    await this.clock.advance(20_000);
    return ends;
  }

  get unclosed(): number {
    return this.host.backends.filter((backend) => !backend.isClosed).length;
  }
}
