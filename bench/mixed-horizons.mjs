/**
 * Requests of 1 step beside requests of 120, in virtual time: the serving code against first come, first served with
 * early replies at 60 % of the latter's capacity, and against traffic of short requests alone with as many steps per
 * second. Then overload: three times what full batches can do, for deadlines of one second. Prints JSON: the ratio of
 * each pair of runs (each with a seed of its own), their median and spread.
 *
 *   npm run bench -- mixed-horizons [--pairs 5] [--seconds 60] [--per-run-us 60] [--per-row-us 46] [--measure]
 *
 * `--measure` fits the service curve to the real model (128×2 LSTM) on this machine first.
 */
import { performance } from 'node:perf_hooks';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ServiceCurveFit } from '../dist/domain/batching/index.js';
import { poissonTraffic, runToCompletion, runToCompletionCapacity, simulateTraffic } from '../dist/simulation/index.js';

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '60' },
    'per-run-us': { type: 'string', default: '60' },
    'per-row-us': { type: 'string', default: '46' },
    measure: { type: 'boolean', default: false },
  },
});

const MAX_ROWS = 32;
const LONG = 120;
const MIX = [
  { share: 0.9, horizon: 1 },
  { share: 0.1, horizon: LONG },
];
const MEAN_STEPS = 0.9 + 0.1 * LONG;
const LOAD = 0.6;
const OVERLOAD = 3;
const LIMITS = {
  maxBatchRows: MAX_ROWS,
  maxQueueDelayUs: 0,
  maxQueueLength: 2048,
  maxStepsInFlight: 1_000_000,
  maxBytesInFlight: 67_108_864,
  adaptiveConcurrency: false,
  fairShare: true,
  maxActive: Number.POSITIVE_INFINITY,
};

/** Runs the real model over batches of 1 to 32 windows, in random order, and fits a + b·n to it. */
async function measuredCurve() {
  const { makeLstmRegistry, COLUMNS } = await import('./serve/lstm-registry.mjs');
  const { openRegistry } = await import('../dist/registry/index.js');
  process.env.ORT_DISABLE_TELEMETRY = '1';
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const folder = await makeLstmRegistry();
  try {
    const registry = openRegistry(folder);
    const pointer = await registry.readPointer();
    const { bundle, modelPath } = await registry.fetchBundle(pointer.run_id);
    const session = await InferenceSession.create(modelPath ?? join(folder, pointer.run_id, 'model.onnx'), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
    const rowSize = bundle.lookback * bundle.features.length;
    const fit = new ServiceCurveFit();
    for (let i = 0; i < 60 * MAX_ROWS; i++) {
      const rows = 1 + ((i * 13) % MAX_ROWS);
      const window = new Float32Array(rows * rowSize).fill(COLUMNS.length);
      const feeds = { window: new Tensor('float32', window, [rows, bundle.lookback, bundle.features.length]) };
      const startMs = performance.now();
      await session.run(feeds);
      if (i >= 10 * MAX_ROWS) fit.note(rows, (performance.now() - startMs) * 1000);
    }
    return fit.curve;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function percentile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? Number.NaN;
}

function spread(values) {
  return { median: percentile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

const responses = (outcomes, horizon) =>
  outcomes.filter((one) => one.code === null && one.horizon === horizon).map((one) => one.responseUs);

const curve = options.measure
  ? await measuredCurve()
  : { perRunUs: Number(options['per-run-us']), perRowUs: Number(options['per-row-us']) };
const untilUs = Number(options.seconds) * 1e6;
const run = (arrivals, requestTimeoutMs) =>
  simulateTraffic({ arrivals, curve, workers: 1, limits: LIMITS, requestTimeoutMs });

const sample = poissonTraffic({ perSecond: 1e6, untilUs: 100_000, mix: MIX, seed: 1 }).map((one) => one.horizon);
const capacity = runToCompletionCapacity(sample, curve, MAX_ROWS);
const perSecond = LOAD * capacity;

const pairs = [];
for (let pair = 0; pair < Number(options.pairs); pair++) {
  const arrivals = poissonTraffic({ perSecond, untilUs, mix: MIX, seed: 100 + pair });
  const mixed = await run(arrivals, 30_000);
  const { responsesUs } = runToCompletion(arrivals, curve, MAX_ROWS);
  const shortTraffic = poissonTraffic({
    perSecond: perSecond * MEAN_STEPS,
    // As many short requests are enough, and a tenth of the work.
    untilUs: untilUs / 10,
    mix: [{ share: 1, horizon: 1 }],
    seed: 200 + pair,
  });
  const shortP95Us = percentile(responses(mixed, 1), 0.95);
  const firstComeP95Us = percentile(
    responsesUs.filter((_, i) => arrivals[i].horizon === 1),
    0.95,
  );
  const shortOnlyP95Us = percentile(responses(await run(shortTraffic, 30_000), 1), 0.95);
  const longMeanUs = (list) => list.reduce((sum, us) => sum + us, 0) / list.length;
  pairs.push({
    requests: arrivals.length,
    shortP95Us,
    firstComeP95Us,
    shortOnlyP95Us,
    againstFirstCome: shortP95Us / firstComeP95Us,
    againstShortOnly: shortP95Us / shortOnlyP95Us,
    longMeanAgainstFirstCome:
      longMeanUs(responses(mixed, LONG)) / longMeanUs(responsesUs.filter((_, i) => arrivals[i].horizon === LONG)),
  });
}

const overload = [];
for (const horizon of [1, 30]) {
  for (const adaptiveConcurrency of [false, true]) {
    const peak = (MAX_ROWS * 1e6) / (curve.perRunUs + curve.perRowUs * MAX_ROWS) / horizon;
    const endUs = horizon === 1 ? 5e6 : 30e6;
    const arrivals = poissonTraffic({
      perSecond: OVERLOAD * peak,
      untilUs: endUs,
      mix: [{ share: 1, horizon }],
      seed: 7,
    });
    const limits = { ...LIMITS, adaptiveConcurrency };
    const outcomes = await simulateTraffic({ arrivals, curve, workers: 1, limits, requestTimeoutMs: 1000 });
    const codes = {};
    for (const { code } of outcomes) codes[code ?? 'answered'] = (codes[code ?? 'answered'] ?? 0) + 1;
    const answeredUs = responses(outcomes, horizon);
    // From the second second on: before, the system fills.
    const steady = outcomes.filter((one) => {
      const doneUs = one.atUs + one.responseUs;
      return one.code === null && doneUs > 1e6 && doneUs <= endUs;
    }).length;
    overload.push({
      horizon,
      adaptiveConcurrency,
      offeredPerSecond: OVERLOAD * peak,
      goodputOfPeak: steady / ((endUs - 1e6) / 1e6) / peak,
      p50Us: percentile(answeredUs, 0.5),
      p99Us: percentile(answeredUs, 0.99),
      deadlineMissed: (codes.FLTS_DEADLINE ?? 0) / outcomes.length,
      codes,
    });
  }
}

console.log(
  JSON.stringify(
    {
      bench: 'mixed-horizons',
      curve,
      mix: MIX,
      firstComeCapacityPerSecond: capacity,
      perSecond,
      againstFirstCome: spread(pairs.map((pair) => pair.againstFirstCome)),
      againstShortOnly: spread(pairs.map((pair) => pair.againstShortOnly)),
      longMeanAgainstFirstCome: spread(pairs.map((pair) => pair.longMeanAgainstFirstCome)),
      pairs,
      overload,
    },
    null,
    2,
  ),
);
