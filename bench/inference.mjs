/**
 * What the service adds to the model: rows per second of the inference thread's CPU against bare ONNX Runtime at the
 * same batch sizes (full batches, interleaved; once with the machine for itself, once beside a server under as much
 * load, with which it shares the caches as the inference thread does with the HTTP thread), the median latency of one
 * connection against a bare run of one row, the time until the service is ready, and what a call of `/queue_stats`
 * costs the HTTP thread. Prints JSON.
 *
 *   npm run bench -- inference [--pairs 7] [--seconds 1.5]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openRegistry } from '../dist/registry/index.js';
import { COLUMNS, makeLstmRegistry } from './serve/lstm-registry.mjs';
import { cpuUs, load, spread, startService, stopService } from './serve/start-service.mjs';

const { values: options } = parseArgs({
  options: { pairs: { type: 'string', default: '7' }, seconds: { type: 'string', default: '1.5' } },
});
const BATCHES = [1, 8, 16, 32];
const STARTS = 5;
const STATS_CALLS = 400;
const SETTLING_MS = 200;
const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const pairs = Number(options.pairs);
const seconds = Number(options.seconds);

/** CPU time of every thread of a process, µs, by thread. */
function threadsUs(pid) {
  const folder = `/proc/${pid}/task`;
  return new Map(
    readdirSync(folder).map((id) => [
      id,
      Number(readFileSync(join(folder, id, 'schedstat'), 'utf8').split(' ')[0]) / 1000,
    ]),
  );
}

/** CPU time of the inference thread between two readings: of all but the HTTP thread, the one that used most. */
function inferenceUs(pid, before, after) {
  const used = [...after].filter(([id]) => id !== String(pid)).map(([id, us]) => us - (before.get(id) ?? 0));
  return Math.max(...used);
}

async function rowsDone(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const read = (name) => Number(new RegExp(`^inference_batch_rows_${name} (\\S+)`, 'm').exec(text)[1]);
  return { rows: read('sum'), batches: read('count') };
}

async function bare(runtime, rows, runs) {
  runtime.send({ rows, runs });
  const [result] = await once(runtime, 'message');
  return result;
}

/** The same while a server that only parses answers as many clients. */
async function bareBeside(runtime, rows, runs, generator, job) {
  const loaded = load(generator, job);
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
  const result = await bare(runtime, rows, runs);
  await loaded;
  return result;
}

async function compareRows(registry, runtime, generator, parseOnly) {
  const results = [];
  for (const rows of BATCHES) {
    const service = await startService(registry, ['--workers', '1', '--max-batch-rows', String(rows)]);
    const job = { url: service.url, connections: Math.max(50, 3 * rows), seconds, columns: COLUMNS };
    await load(generator, job);
    const alone = [];
    const beside = [];
    let meanRows = 0;
    for (let pair = 0; pair < pairs; pair++) {
      const { pid } = service.child;
      const [counted, before] = [await rowsDone(service.url), threadsUs(pid)];
      await load(generator, job);
      const [after, done] = [threadsUs(pid), await rowsDone(service.url)];
      meanRows = (done.rows - counted.rows) / (done.batches - counted.batches);
      const perRowUs = inferenceUs(pid, before, after) / (done.rows - counted.rows);
      // Batches that are not full cost more a row: the yardstick runs as many rows at once as the service did.
      const same = [runtime, Math.max(1, Math.round(meanRows)), Math.ceil(4000 / rows)];
      alone.push((await bare(...same)).cpuUsPerRow / perRowUs);
      const other = { ...job, url: parseOnly };
      beside.push((await bareBeside(...same, generator, other)).cpuUsPerRow / perRowUs);
    }
    await stopService(service);
    results.push({ maxBatchRows: rows, meanRows, ratio: spread(alone), ratioBesideServer: spread(beside) });
  }
  return results;
}

async function compareOne(service, runtime, generator) {
  const ratios = [];
  for (let pair = 0; pair < pairs; pair++) {
    const job = { url: service.url, connections: 1, seconds, columns: COLUMNS };
    const { latencyMs } = await load(generator, job);
    const { p50Us } = await bare(runtime, 1, 2000);
    ratios.push((latencyMs.p50 * 1000) / p50Us);
  }
  return spread(ratios);
}

async function costOfStats({ child, url }) {
  const costs = [];
  for (let i = 0; i < pairs; i++) {
    const before = await cpuUs(child);
    for (let call = 0; call < STATS_CALLS; call++) await (await fetch(`${url}/queue_stats`)).arrayBuffer();
    costs.push(((await cpuUs(child)).httpThread - before.httpThread) / STATS_CALLS);
  }
  return spread(costs);
}

async function readyTimes(registry) {
  const times = [];
  for (let i = 0; i < STARTS; i++) {
    const service = await startService(registry, ['--workers', '1']);
    times.push(service.readyMs);
    await stopService(service);
  }
  return spread(times);
}

const registry = await makeLstmRegistry();
const source = openRegistry(registry);
const { bundle, modelPath } = await source.fetchBundle((await source.readPointer()).run_id);
const runtime = fork(
  file('./serve/bare-runtime.mjs'),
  [modelPath, bundle.lookback, bundle.features.length].map(String),
);
await once(runtime, 'message');
const parseOnly = fork(file('./serve/parse-only-server.mjs'), [], {
  env: { ...process.env, BENCH_REPLY: JSON.stringify({ predictions: [1, 2, 3] }) },
});
const [{ url: parseOnlyUrl }] = await once(parseOnly, 'message');
const generator = fork(file('./serve/generator.mjs'), [], { stdio: 'inherit' });
try {
  const readyMs = await readyTimes(registry);
  const service = await startService(registry, ['--workers', '1']);
  await load(generator, { url: service.url, connections: 20, seconds: 2, columns: COLUMNS });
  const oneConnection = await compareOne(service, runtime, generator);
  const queueStatsUs = await costOfStats(service);
  await stopService(service);
  const rowsPerCpu = await compareRows(registry, runtime, generator, parseOnlyUrl);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  console.log(
    JSON.stringify(
      { bench: 'inference', machine, readyMs, oneConnectionP50: oneConnection, queueStatsUs, rowsPerCpu },
      null,
      2,
    ),
  );
} finally {
  generator.kill();
  runtime.kill();
  parseOnly.kill();
  rmSync(registry, { recursive: true, force: true });
}
