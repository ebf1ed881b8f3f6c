/**
 * More requests than can be answered, open loop, against the real service: what is still answered in time, and how
 * soon it is as before. Model-bound (horizon 30) at 3 times the peak, HTTP-bound (horizon 1) at 1.25 and 3 times. The
 * peak is measured in the same run, closed, at 50 connections. `--case` takes one of the three, from 0. Prints JSON.
 *
 *   npm run bench -- overload [--seconds 60] [--timeout-ms 1000] [--adaptive] [--case 1]
 */
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COLUMNS, makeLstmRegistry } from './serve/lstm-registry.mjs';
import { load, median, startService, stopService } from './serve/start-service.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    'timeout-ms': { type: 'string', default: '1000' },
    adaptive: { type: 'boolean', default: false },
    case: { type: 'string' },
  },
});
const CASES = [
  { name: 'model-bound', horizon: 30, factor: 3 },
  { name: 'HTTP-bound', horizon: 1, factor: 1.25 },
  { name: 'HTTP-bound', horizon: 1, factor: 3 },
];
const CALM_SHARE = 0.5;
const CALM_SECONDS = 10;
/** The first seconds of an overload fill the system. */
const FILLING_SECONDS = 2;
const timeoutMs = Number(options['timeout-ms']);
const seconds = Number(options.seconds);
const startProcess = (name) => fork(fileURLToPath(new URL(name, import.meta.url)), [], { stdio: 'inherit' });

async function peakOf(url, horizon) {
  const generator = startProcess('./serve/generator.mjs');
  const rates = [];
  await load(generator, { url, connections: 50, seconds: 3, columns: COLUMNS, horizon });
  for (let i = 0; i < 3; i++) {
    rates.push((await load(generator, { url, connections: 50, seconds: 4, columns: COLUMNS, horizon })).perSecond);
  }
  generator.kill();
  return median(rates);
}

/** Seconds until the p95 is within half of what it was, and stays there; null when it never does. */
function recoverySeconds(p95MsBySecond, beforeMs) {
  const last = p95MsBySecond.findLastIndex((ms) => ms === null || ms > 1.5 * beforeMs);
  return last === p95MsBySecond.length - 1 ? null : last + 1;
}

async function run(url, { name, horizon, factor }) {
  const peak = await peakOf(url, horizon);
  const generator = startProcess('./overload/open-generator.mjs');
  const calm = { perSecond: CALM_SHARE * peak, seconds: CALM_SECONDS };
  const stages = [calm, { perSecond: factor * peak, seconds }, calm];
  const [before, during, after] = await load(generator, { url, columns: COLUMNS, horizon, timeoutMs, stages });
  generator.kill();
  const steady = during.okPerSecond.slice(FILLING_SECONDS);
  const goodput = steady.reduce((sum, count) => sum + count, 0) / steady.length;
  return {
    name,
    horizon,
    factor,
    peakPerSecond: peak,
    goodputPerSecond: goodput,
    goodputOfPeak: goodput / peak,
    admitted: { p50Ms: during.latencyMs.p50, p99Ms: during.latencyMs.p99, timeoutMs },
    share504: (during.statuses['504'] ?? 0) / during.sent,
    p95BeforeMs: before.latencyMs.p95,
    p95AfterMsBySecond: after.p95MsBySecond,
    generatorLagMsAfter: after.lagMsBySecond,
    recoverySeconds: recoverySeconds(after.p95MsBySecond, before.latencyMs.p95),
    okPerSecond: during.okPerSecond,
    unsent: during.unsent,
    statuses: during.statuses,
    codes: during.codes,
  };
}

const registry = await makeLstmRegistry();
const service = await startService(registry, [
  '--workers',
  '1',
  ...(options.adaptive ? ['--adaptive-concurrency', 'true'] : []),
]);
try {
  const cases = [];
  for (const one of options.case === undefined ? CASES : [CASES[options.case]]) cases.push(await run(service.url, one));
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  console.log(JSON.stringify({ bench: 'overload', machine, options, cases }, null, 2));
} finally {
  await stopService(service);
  rmSync(registry, { recursive: true, force: true });
}
