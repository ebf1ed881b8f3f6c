/**
 * The service against a plain Fastify server that only parses the same JSON and answers as much: many interleaved
 * pairs in one run, so that what disturbs the machine disturbs both. Prints JSON: per pair and the median of the
 * ratios; then latency at 100 connections and the delay of the service's event loop.
 *
 *   npm run bench -- serve [--pairs 10] [--seconds 2] [--workers 1]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COLUMNS, makeLstmRegistry } from './serve/lstm-registry.mjs';
import { cpuUs, load, median, startService } from './serve/start-service.mjs';

const { values: options } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '2' },
    workers: { type: 'string', default: '1' },
    profile: { type: 'boolean', default: false },
  },
});
const file = (name) => fileURLToPath(new URL(name, import.meta.url));

const registry = await makeLstmRegistry();
const profiling = options.profile ? ['--cpu-prof', '--cpu-prof-dir=/tmp/flts-bench-profile'] : [];
const service = await startService(registry, ['--workers', options.workers], {}, profiling);
const { child: flts, url: fltsUrl } = service;
const generator = fork(file('./serve/generator.mjs'), [], { stdio: 'inherit' });
const loadOn = (url, connections, seconds) => load(generator, { url, connections, seconds, columns: COLUMNS });

// The yardstick answers with what the service really answered.
const sample = await fetch(`${fltsUrl}/predict`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    data: {
      ts: Array.from({ length: 10 }, (_, r) => `2018-02-05 00:${String(2 * r).padStart(2, '0')}:00`),
      ...Object.fromEntries(COLUMNS.map((name) => [name, Array(10).fill(1)])),
    },
  }),
});
const monitor = ['--import', file('./serve/loop-monitor.mjs')];
const naive = fork(file('./serve/parse-only-server.mjs'), [], {
  execArgv: monitor,
  env: { ...process.env, BENCH_REPLY: await sample.text() },
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
});
const [{ url: naiveUrl }] = await once(naive, 'message');

const seconds = Number(options.seconds);
await loadOn(fltsUrl, 50, 3);
await loadOn(naiveUrl, 50, 3);

const total = new Map([
  [fltsUrl, 0],
  [naiveUrl, 0],
]);
const before = { flts: await cpuUs(flts), naive: await cpuUs(naive) };
const pairs = [];
for (let pair = 0; pair < Number(options.pairs); pair++) {
  // Every other pair runs the other way round.
  const order = pair % 2 === 0 ? [fltsUrl, naiveUrl] : [naiveUrl, fltsUrl];
  const results = new Map();
  for (const url of order) results.set(url, await loadOn(url, 50, seconds));
  const [a, b] = [results.get(fltsUrl), results.get(naiveUrl)];
  for (const [url, result] of results) total.set(url, total.get(url) + result.requests);
  pairs.push({
    flts: a.perSecond,
    parseOnly: b.perSecond,
    ratio: a.perSecond / b.perSecond,
    errors: a.errors + b.errors,
  });
}
const after = { flts: await cpuUs(flts), naive: await cpuUs(naive) };
const perRequest = (server, url, part) => (after[server][part] - before[server][part]) / total.get(url);
flts.send('start');
const at100 = await loadOn(fltsUrl, 100, Math.max(5, seconds));
flts.send('read');
const [{ loopDelayMs }] = await once(flts, 'message');

const ratios = pairs.map((pair) => pair.ratio);
console.log(
  JSON.stringify(
    {
      bench: 'serve',
      machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
      model: 'LSTM 128x2, lookback 10, horizon 1',
      connections: 50,
      pairs,
      ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) },
      perSecond: { flts: median(pairs.map((p) => p.flts)), parseOnly: median(pairs.map((p) => p.parseOnly)) },
      cpuUsPerRequest: {
        httpThread: perRequest('flts', fltsUrl, 'httpThread'),
        process: perRequest('flts', fltsUrl, 'process'),
        parseOnlyHttpThread: perRequest('naive', naiveUrl, 'httpThread'),
        parseOnlyProcess: perRequest('naive', naiveUrl, 'process'),
      },
      at100: { ...at100, success: at100.requests / (at100.requests + at100.errors) },
      eventLoopDelayMs: loopDelayMs,
    },
    null,
    2,
  ),
);
generator.kill();
naive.kill();
flts.kill('SIGTERM');
await once(flts, 'exit');
rmSync(registry, { recursive: true, force: true });
