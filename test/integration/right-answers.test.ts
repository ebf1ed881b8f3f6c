import { afterAll, beforeAll, expect, it } from 'vitest';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { Check } from 'typebox/value';
import { PredictReplySchema, PredictSeriesReplySchema } from '../../src/contract/index.js';
import { openRegistry } from '../../src/registry/index.js';
import { writeTimeFeatures } from '../../src/domain/forecast/index.js';
import { DATA_COLUMNS, fixtureBundle, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { mixerModel } from '../support/onnx-fixture.js';
import { get, post, serve, type TestService } from '../support/running-service.js';

const REQUESTS = 1000;
const ROWS = 30;
const LOOKBACK = 10;
const FEATURES = 17;
const STEP_MS = 120_000;
const model = (shape: Parameters<typeof mixerModel>[0]): Uint8Array => mixerModel(shape, (f) => (f < 11 ? 1e8 : 1));

let service: TestService;
let session: InferenceSession;

beforeAll(async () => {
  const folder = temporaryFolder();
  const bundle = await promoteFixture(folder, { model });
  const { modelPath } = await openRegistry(folder).fetchBundle(bundle.run_id);
  session = await InferenceSession.create(modelPath, { intraOpNumThreads: 1 });
  service = await serve(folder);
});

afterAll(async () => {
  await service.stop();
});

/** mulberry32: a seed gives the same requests on every machine. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

interface Case {
  readonly startMs: number;
  readonly rows: number[][];
  readonly horizon: number;
  readonly body: unknown;
}

function makeCase(random: () => number): Case {
  const startMs = Date.UTC(2018, 0, 1) + Math.floor(random() * 300_000) * STEP_MS;
  const rows = Array.from({ length: ROWS }, () => DATA_COLUMNS.map(() => random() * 10 ** (random() * 9)));
  const order = random() < 0.5 ? rows.map((_, r) => r) : shuffled([...rows.keys()], random);
  const stamp = (r: number): string => new Date(startMs + r * STEP_MS).toISOString().slice(0, 19).replace('T', ' ');
  const columns: [string, unknown[]][] = [
    ['ts', order.map(stamp)],
    ...DATA_COLUMNS.map((name, c): [string, unknown[]] => [name, order.map((r) => rows[r]![c])]),
  ];
  const data = Object.fromEntries(random() < 0.5 ? columns : shuffled(columns, random));
  const horizon = random() < 0.7 ? 1 : 1 + Math.floor(random() * 40);
  return { startMs, rows, horizon, body: { data, inference_length: horizon } };
}

/** The plain way: window, run, shift, run again; nothing of the server's code but the time features. */
async function naiveForecast({ startMs, rows, horizon }: Case): Promise<number[][]> {
  const history = rows.slice(-LOOKBACK).map((row) => [...row]);
  const answers: number[][] = [];
  for (let step = 0; step < horizon; step++) {
    const window = new Float32Array(LOOKBACK * FEATURES);
    history.slice(-LOOKBACK).forEach((row, r) => {
      window.set(row, r * FEATURES);
      const atMs = startMs + (ROWS - LOOKBACK + step + r) * STEP_MS;
      writeTimeFeatures(atMs, window, r * FEATURES + DATA_COLUMNS.length);
    });
    const output = await session.run({ window: new Tensor('float32', window, [1, LOOKBACK, FEATURES]) });
    const next = [...(output['forecast']!.data as Float32Array)];
    answers.push(next);
    history.push(next);
  }
  return answers;
}

it(`${REQUESTS} random windows and horizons are answered as the model itself answers them`, async () => {
  const { bundle } = await fixtureBundle({ model });
  const random = generator(20180205);
  const cases = Array.from({ length: REQUESTS }, () => makeCase(random));
  let next = 0;
  const check = async (): Promise<void> => {
    for (let mine = next++; mine < REQUESTS; mine = next++) {
      const one = cases[mine]!;
      const [answer, expected] = await Promise.all([post(service, one.body), naiveForecast(one)]);
      expect(answer.status).toBe(200);
      expect(Check(PredictReplySchema, answer.json)).toBe(true);
      const predictions = answer.json['predictions'] as Record<string, unknown>[];
      expect(predictions).toHaveLength(one.horizon);
      predictions.forEach((row, step) => {
        const atMs = one.startMs + (ROWS + step) * STEP_MS;
        expect(row['ts']).toBe(new Date(atMs).toISOString().slice(0, 19));
        bundle.targets.forEach((target, t) => {
          const b = expected[step]![t]!;
          const tolerance = 1e-5 * Math.max(Math.abs(b), bundle.target_std[t]!);
          const difference = Math.abs((row[target] as number) - b);
          if (difference > tolerance)
            throw new Error(`request ${mine}, step ${step + 1}, ${target}: ${String(row[target])} is not ${b}`);
        });
      });
    }
  };
  // Many at once, so that windows of different requests share batches.
  await Promise.all(Array.from({ length: 24 }, check));
  const stats = (await get(service, '/queue_stats')).json;
  expect(stats['completed']).toBe(REQUESTS);
  expect(stats['error_500_total']).toBe(0);
});

it('many series in one request are answered as each of them alone', async () => {
  const random = generator(7);
  const cases = Array.from({ length: 5 }, () => makeCase(random));
  const series = cases.map(({ body }, i) => ({ id: `site-${i}`, data: (body as { data: unknown }).data }));
  const { json } = await post(service, { series, inference_length: 3 });
  expect(Check(PredictSeriesReplySchema, json)).toBe(true);
  const answers = json['series'] as { id: string; predictions: unknown[] }[];
  expect(answers.map(({ id }) => id)).toEqual(series.map(({ id }) => id));
  for (const [i, { predictions }] of answers.entries()) {
    const alone = await post(service, { data: series[i]!.data, inference_length: 3 });
    expect(predictions).toEqual(alone.json['predictions']);
  }
});
