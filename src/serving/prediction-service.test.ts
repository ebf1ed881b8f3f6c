import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ENGINE_LIMITS, FakeBackend } from '../../test/support/fake-backend.js';
import { fixtureBundle, payload } from '../../test/support/fixture-registry.js';
import { RecordingLog, RecordingMetrics } from '../../test/support/recording-metrics.js';
import { settle, VirtualClock } from '../simulation/index.js';
import { type Bundle, FltsError } from '../contract/index.js';
import { Engine, type EngineLimits } from './scheduling/engine.js';
import { ForecastCache } from './forecast-cache.js';
import { Lane } from './scheduling/lane.js';
import { compileModelSpec, type ModelSpec } from './model-spec.js';
import { emptyTiming, type RequestTiming } from './scheduling/pending-request.js';
import { PredictionService } from './prediction-service.js';
import type { Visit } from './scheduling/visit.js';

const TIMEOUT_MS = 1000;
let bundle: Bundle;
let spec: ModelSpec;
let clock: VirtualClock;
let metrics: RecordingMetrics;
let backend: FakeBackend;
let service: PredictionService;

interface Reply {
  status: string;
  cached: boolean;
  run_id: string;
  predictions: Record<string, number | string>[];
}

/** What became of one request, and when. */
interface Outcome {
  reply: Reply | null;
  error: FltsError | null;
  endedUs: number;
  timing: RequestTiming;
  cancel: () => void;
}

beforeAll(async () => {
  bundle = (await fixtureBundle()).bundle;
  spec = compileModelSpec(bundle, 'default');
});

beforeEach(async () => {
  await start({}, {});
});

async function start(
  limits: Partial<EngineLimits>,
  options: { workers?: number; baseUs?: number; rowUs?: number },
  cache: { maxBytes: number; ttlMs: number } | null = null,
): Promise<void> {
  clock = new VirtualClock();
  metrics = new RecordingMetrics();
  backend = new FakeBackend(spec, clock, options);
  const all = { ...ENGINE_LIMITS, ...limits };
  const engine = new Engine(all, clock, metrics, new RecordingLog());
  const digest = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const answers = cache === null ? null : new ForecastCache(cache, clock, digest);
  const bounds = { maxSeries: 10, maxForecastRows: 20_000, requestTimeoutMs: TIMEOUT_MS };
  service = new PredictionService(engine, answers, clock, metrics, bounds);
  await service.switchTo(new Lane(spec, backend));
}

interface Asked {
  horizon?: number;
  first?: number;
  timeoutMs?: number;
  priority?: number;
  client?: string;
  body?: object;
}

function ask(options: Asked = {}): Outcome {
  const body = options.body ?? payload();
  if ('data' in body && options.first !== undefined) {
    (body.data as Record<string, unknown[]>)['down'] = Array.from({ length: 30 }, () => options.first);
  }
  const timing = emptyTiming();
  const outcome: Outcome = { reply: null, error: null, endedUs: -1, timing, cancel: () => undefined };
  const fail = (error: unknown): void => {
    if (!(error instanceof FltsError)) throw error;
    outcome.error = error;
    outcome.endedUs = clock.nowUs();
  };
  let visit: Visit;
  try {
    visit = service.open({
      arrivalUs: clock.nowUs(),
      askedTimeoutMs: options.timeoutMs ?? null,
      priority: options.priority ?? 1,
      client: options.client ?? 'a',
      bytes: 1000,
    });
  } catch (error) {
    fail(error);
    return outcome;
  }
  const sent = { ...body, inference_length: options.horizon ?? 1 };
  const call = service.predict({ body: sent, queryHorizon: undefined, visit, reqId: 'r', timing });
  outcome.cancel = () => {
    call.cancel();
  };
  call.reply
    .then((reply) => {
      outcome.reply = JSON.parse(reply.text) as Reply;
      outcome.endedUs = clock.nowUs();
    }, fail)
    .finally(() => {
      visit.close();
    });
  return outcome;
}

/** Lets a turn of the event loop end: what arrived in it is dispatched. */
function turn(): Promise<void> {
  return clock.advance(0);
}

describe('answers', () => {
  it('recurses step by step: down starts at 1029 and grows by 1, up by 2', async () => {
    const asked = ask({ horizon: 3 });
    await clock.advance(10_000);
    expect(asked.reply?.predictions.map((row) => [row['ts'], row['down'], row['up']])).toEqual([
      ['2018-02-06T00:40:00', 1030, 2031],
      ['2018-02-06T00:42:00', 1031, 2033],
      ['2018-02-06T00:44:00', 1032, 2035],
    ]);
    expect(asked.endedUs).toBe(3000);
  });

  it('says where the time went: contiguous, and summing to the whole', async () => {
    ask({});
    await turn();
    const second = ask({ horizon: 2 });
    await clock.advance(10_000);
    // The first runs alone in 0..1000, then the second in 1000..2000 and 2000..3000.
    expect(second.timing).toEqual({ prepUs: 0, queueUs: 1000, execUs: 2000, lagUs: 0, batchRows: 1 });
  });

  it('refuses before the first model', () => {
    const empty = new PredictionService(service.engine, null, clock, metrics, {
      maxSeries: 1,
      maxForecastRows: 1,
      requestTimeoutMs: 1,
    });
    const head = { arrivalUs: 0, askedTimeoutMs: null, priority: 1, client: 'a', bytes: 0 };
    expect(() => empty.open(head)).toThrow(
      expect.objectContaining({ code: 'FLTS_NOT_READY', message: 'Inference service not ready' }),
    );
  });
});

describe('batching', () => {
  it('sends what waits as soon as a worker is free', async () => {
    ask({ first: 99 });
    await turn();
    for (let i = 0; i < 39; i++) ask({ first: i });
    await clock.advance(10_000);
    expect(backend.batches).toEqual([1, 32, 7]);
  });

  it('sends what arrived in one turn together, and a full batch at once', async () => {
    for (let i = 0; i < 31; i++) ask({ first: i });
    expect(backend.batches).toEqual([]);
    await turn();
    expect(backend.batches).toEqual([31]);
    await clock.advance(10_000);
    for (let i = 0; i < 40; i++) ask({ first: i });
    expect(backend.batches).toEqual([31, 32]);
    await clock.advance(10_000);
    expect(backend.batches).toEqual([31, 32, 8]);
  });

  it('spreads what waits over the free workers', async () => {
    await start({}, { workers: 2 });
    for (let i = 0; i < 12; i++) ask({ first: i });
    await clock.advance(10_000);
    expect(backend.batches).toEqual([6, 6]);
  });

  it('never lets a request of one step wait behind one of 500', async () => {
    const long = ask({ horizon: 500 });
    await clock.advance(100_500);
    const short = ask({});
    await clock.advance(10_000);
    expect(short.endedUs).toBe(102_000);
    await clock.advance(1_000_000);
    expect(long.reply?.predictions).toHaveLength(500);
    expect(long.reply?.predictions[499]?.['down']).toBe(1529);
  });

  it('dispatches at most maxActive requests; the rest wait, those that end with their next run before others', async () => {
    await start({ maxActive: 2 }, {});
    const first = ask({ horizon: 3, first: 0 });
    await turn();
    const asked = [first, ...[2, 1, 1].map((horizon, i) => ask({ horizon, first: i + 1 }))];
    await clock.advance(500);
    expect([service.engine.active, service.engine.queued]).toEqual([1, 3]);
    await clock.advance(10_000);
    // Step 1: request 0. Step 2: 0 and 2. Step 3: the last of 0, and 3. Then the two steps of 1.
    expect(backend.contents.map((rows) => rows.length)).toEqual([1, 2, 2, 1, 1]);
    expect(asked.map((one) => one.endedUs)).toEqual([3000, 5000, 2000, 3000]);
    expect(service.engine.active).toBe(0);
  });

  it('runs the windows of one request together', async () => {
    const series = ['a', 'b', 'c'].map((id) => ({ id, ...payload() }));
    const asked = ask({ body: { series } });
    await clock.advance(10_000);
    expect(backend.batches).toEqual([3]);
    expect(asked.reply).toMatchObject({ series: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] });
  });
});

describe('refusals', () => {
  it('a full queue answers 503 with the time after which to try again', async () => {
    await start({ maxQueueLength: 2 }, { baseUs: 2_000_000 });
    const running = ask({ first: 0 });
    await turn();
    const asked = [running, ...[1, 2, 3].map((first) => ask({ first }))];
    await settle();
    expect(asked.map((one) => one.error?.code)).toEqual([undefined, undefined, undefined, 'FLTS_QUEUE_FULL']);
    expect(asked[3]?.error?.details).toEqual({ reason: 'queue_full', retryAfterS: 1 });
    expect(service.engine.queued).toBe(2);
  });

  it('a queue of one holds nobody back while a worker is free', async () => {
    await start({ maxQueueLength: 1 }, { workers: 2 });
    const asked = [0, 1].map((first) => ask({ first }));
    await clock.advance(10_000);
    expect(asked.map((one) => one.error?.code)).toEqual([undefined, undefined]);
  });

  it('a deadline ends the wait, in the queue as in the model', async () => {
    await start({}, { baseUs: 50_000 });
    const running = ask({ timeoutMs: 20 });
    await turn();
    const waiting = ask({ timeoutMs: 30 });
    await clock.advance(200_000);
    expect([running.error?.code, running.endedUs]).toEqual(['FLTS_DEADLINE', 20_000]);
    expect([waiting.error?.code, waiting.endedUs]).toEqual(['FLTS_DEADLINE', 30_000]);
    expect(running.timing).toMatchObject({ queueUs: 0, execUs: 20_000 });
    expect(waiting.timing).toMatchObject({ queueUs: 30_000, execUs: 0 });
    // The one that waited never reached the model.
    expect(backend.batches).toEqual([1]);
    expect([service.engine.active, service.engine.queued]).toEqual([0, 0]);
  });

  it('the server’s own limit goes before a longer wish', async () => {
    await start({}, { baseUs: 5_000_000 });
    const asked = ask({ timeoutMs: 60_000 });
    await clock.advance(6_000_000);
    expect(asked.endedUs).toBe(TIMEOUT_MS * 1000);
  });

  it('a client that has gone is dropped before it is dispatched', async () => {
    ask({ first: 1 });
    await turn();
    const gone = ask({ first: 2 });
    ask({ first: 3 });
    gone.cancel();
    await clock.advance(10_000);
    expect(gone.error?.code).toBe('FLTS_CLIENT_GONE');
    expect(backend.contents).toEqual([[1], [3]]);
  });

  it('a value that is not finite fails that request alone', async () => {
    ask({});
    backend.failures.push('not_finite');
    const asked = [ask({}), ask({})];
    await clock.advance(10_000);
    expect(asked[0]?.reply?.status).toBe('SUCCESS');
    expect(asked[1]?.error).toMatchObject({
      code: 'FLTS_NON_FINITE_OUTPUT',
      message: "The model gave a value for 'down' at step 1 that is not finite",
    });
    expect(metrics.counts.get('inference_non_finite_outputs_total')).toBe(1);
  });
});

describe('workers that fail', () => {
  it('a batch that lost its worker is tried once more', async () => {
    backend.failures.push('lost');
    const asked = ask({ horizon: 2 });
    await clock.advance(10_000);
    expect(asked.reply?.predictions.map((row) => row['down'])).toEqual([1030, 1031]);
    expect(asked.endedUs).toBe(3000);
  });

  it('and answered 503 when it is lost again', async () => {
    backend.failures.push('lost', 'lost');
    const asked = ask({});
    await clock.advance(10_000);
    expect(asked.error?.code).toBe('FLTS_WORKER_FAILED');
    expect(service.engine.active).toBe(0);
  });

  it('a model that fails is not tried again', async () => {
    backend.failures.push('failed');
    const asked = ask({});
    await clock.advance(10_000);
    expect([asked.error?.code, backend.batches]).toEqual(['FLTS_INTERNAL', [1]]);
  });
});

describe('changing the version', () => {
  it('gives new requests to the new one, finishes the old ones, and then lets the old one go', async () => {
    const old = ask({ horizon: 3 });
    await clock.advance(500);
    const next = new FakeBackend(spec, clock, {});
    const otherSpec = { ...spec, runId: 'f'.repeat(32) };
    const switched = service.switchTo(new Lane(otherSpec, next));
    const fresh = ask({});
    await clock.advance(1200);
    expect([fresh.reply?.run_id, backend.isClosed]).toEqual(['f'.repeat(32), false]);
    await clock.advance(10_000);
    await switched;
    expect([old.reply?.run_id, old.reply?.predictions.length, backend.isClosed]).toEqual([spec.runId, 3, true]);
    expect([backend.batches, next.batches]).toEqual([[1, 1, 1], [1]]);
  });
});

describe('draining', () => {
  it('answers all that was admitted, and nothing more', async () => {
    const asked = [ask({ horizon: 5 }), ask({}), ask({})];
    let isDrained = false;
    const drained = service.drain().then(() => {
      isDrained = true;
    });
    const late = ask({});
    await clock.advance(4500);
    expect([isDrained, late.error?.code, service.isReady]).toEqual([false, 'FLTS_DRAINING', false]);
    await clock.advance(1000);
    await drained;
    expect(asked.map((one) => one.reply?.status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the cache', () => {
  const LIMITS = { maxBytes: 1_000_000, ttlMs: 5000 };

  it('answers equal requests from memory, and unequal ones not', async () => {
    await start({}, {}, LIMITS);
    ask({});
    await clock.advance(2000);
    const equal = ask({});
    const other = [ask({ horizon: 2 }), ask({ first: 5 })];
    await settle();
    expect([equal.reply?.status, equal.reply?.cached, equal.reply?.predictions[0]?.['down']]).toEqual([
      'SUCCESS_CACHED',
      true,
      1030,
    ]);
    await clock.advance(10_000);
    expect(other.map((one) => one.reply?.status)).toEqual(['SUCCESS', 'SUCCESS']);
    expect(service.cache?.hitRate).toBe(1 / 4);
  });

  it('runs the model once for equal requests under way', async () => {
    await start({}, {}, LIMITS);
    ask({ first: 99 });
    await turn();
    const equal = [ask({}), ask({}), ask({})];
    equal[0]?.cancel();
    await clock.advance(10_000);
    expect(backend.batches).toEqual([1, 1]);
    expect(equal.map((one) => one.reply?.status ?? one.error?.code)).toEqual([
      'FLTS_CLIENT_GONE',
      'SUCCESS',
      'SUCCESS',
    ]);
  });

  it('forgets after the time to live, and when the model changes', async () => {
    await start({}, {}, LIMITS);
    ask({});
    await clock.advance(5_100_000);
    const old = ask({});
    await clock.advance(2000);
    expect(old.reply?.cached).toBe(false);
    await service.switchTo(new Lane(spec, new FakeBackend(spec, clock, {})));
    const fresh = ask({});
    await clock.advance(2000);
    expect(fresh.reply?.cached).toBe(false);
  });

  it('keeps within its bytes, which here are those of two answers', async () => {
    await start({}, {}, { maxBytes: 6000, ttlMs: 5000 });
    for (const first of [1, 2, 3]) {
      ask({ first });
      await clock.advance(2000);
    }
    const [newest, oldest] = [ask({ first: 3 }), ask({ first: 1 })];
    await clock.advance(2000);
    expect([newest.reply?.cached, oldest.reply?.cached]).toEqual([true, false]);
  });
});
