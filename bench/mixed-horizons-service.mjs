/**
 * Requests of 1 step beside requests of 120, nine to one, open load on the real service: p95 of the short ones against
 * short requests alone with as many steps a second (interleaved pairs), and against what first come, first served with
 * early replies would give at this rate, in virtual time and with the model's curve alone: no HTTP, no hand-over.
 * Prints JSON.
 *
 *   npm run bench -- mixed-horizons-service [--pairs 5] [--seconds 5] [--per-second 400]
 */
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COLUMNS, makeLstmRegistry } from './serve/lstm-registry.mjs';
import { poissonTraffic, runToCompletion } from '../dist/simulation/index.js';
import { load, spread, startService, stopService } from './serve/start-service.mjs';

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    'per-second': { type: 'string', default: '400' },
  },
});
const BATCH_ROWS = 32;
const LONG = 120;
const LONG_SHARE = 0.1;
const TIMEOUT_MS = 30_000;
const CURVE = { perRunUs: 60, perRowUs: 46 };
const perSecond = Number(options['per-second']);
const seconds = Number(options.seconds);
const generatorFile = fileURLToPath(new URL('./overload/open-generator.mjs', import.meta.url));

/** Open load of one kind of request; what the last stage gave. */
async function drive(url, horizon, rate) {
  const generator = fork(generatorFile, [], { stdio: 'inherit' });
  const stages = [{ perSecond: rate, seconds }];
  const [result] = await load(generator, { url, columns: COLUMNS, horizon, timeoutMs: TIMEOUT_MS, stages });
  generator.kill();
  const failed = result.sent - (result.statuses['200'] ?? 0);
  if (failed > 0) throw new Error(`${failed} requests failed: ${JSON.stringify(result.codes)}`);
  return result.latencyMs;
}

async function mixed({ url }) {
  const [short, long] = await Promise.all([
    drive(url, 1, (1 - LONG_SHARE) * perSecond),
    drive(url, LONG, LONG_SHARE * perSecond),
  ]);
  return { short, long };
}

/** p95 of the short requests, ms, when a batch keeps the model until its longest request is done. */
function firstComeP95Ms() {
  const mix = [
    { share: 1 - LONG_SHARE, horizon: 1 },
    { share: LONG_SHARE, horizon: LONG },
  ];
  const arrivals = poissonTraffic({ perSecond, untilUs: 60e6, mix, seed: 1 });
  const { responsesUs } = runToCompletion(arrivals, CURVE, BATCH_ROWS);
  const short = responsesUs.filter((_, i) => arrivals[i].horizon === 1).toSorted((a, b) => a - b);
  return short[Math.ceil(0.95 * short.length) - 1] / 1000;
}

const registry = await makeLstmRegistry();
const service = await startService(registry, ['--workers', '1', '--max-batch-rows', String(BATCH_ROWS)]);
try {
  const stepsPerSecond = perSecond * (1 - LONG_SHARE + LONG_SHARE * LONG);
  const pairs = [];
  await mixed(service);
  await drive(service.url, 1, stepsPerSecond);
  for (let pair = 0; pair < Number(options.pairs); pair++) {
    const { short, long } = await mixed(service);
    const alone = await drive(service.url, 1, stepsPerSecond);
    pairs.push({ shortP95Ms: short.p95, shortAloneP95Ms: alone.p95, longP95Ms: long.p95 });
  }
  const firstComeMs = firstComeP95Ms();
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  console.log(
    JSON.stringify(
      {
        bench: 'mixed-horizons-service',
        machine,
        options,
        stepsPerSecond,
        firstComeP95MsVirtual: firstComeMs,
        againstFirstCome: spread(pairs.map((pair) => pair.shortP95Ms / firstComeMs)),
        againstShortAlone: spread(pairs.map((pair) => pair.shortP95Ms / pair.shortAloneP95Ms)),
        pairs,
      },
      null,
      2,
    ),
  );
} finally {
  await stopService(service);
  rmSync(registry, { recursive: true, force: true });
}
