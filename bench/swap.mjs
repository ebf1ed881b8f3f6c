/**
 * Changes of version under load. Finds the peak with 50 connections, then sends 70 % of it at an even rate: without
 * swaps, with swaps, without again. Every answer is compared with that of the version it names. Then many more swaps
 * one upon the other under the same load, for the memory. Prints JSON; the ratio of the p99s is taken within the run.
 *
 *   npm run bench -- swap [--seconds 60] [--swaps 20] [--share 0.7] [--many 200] [--rate 0]
 */
import { fork } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { COLUMNS, makeLstmRegistry, promote, writeLstmVersion } from './serve/lstm-registry.mjs';
import { load as told, startService, stopService } from './serve/start-service.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    swaps: { type: 'string', default: '20' },
    share: { type: 'string', default: '0.7' },
    many: { type: 'string', default: '200' },
    /** Requests/s instead of a share of the peak. */
    rate: { type: 'string', default: '0' },
  },
});
const [seconds, swaps, share, many, rate] = [
  options.seconds,
  options.swaps,
  options.share,
  options.many,
  options.rate,
].map(Number);
const BODIES = 64;
const MANY_LOAD_SECONDS = 5;
const file = (name) => fileURLToPath(new URL(name, import.meta.url));

const bodies = Array.from({ length: BODIES }, (_, v) => {
  const ts = Array.from({ length: 10 }, (_r, r) => new Date(Date.UTC(2018, 1, 5) + (v + r) * 120_000).toISOString());
  const data = Object.fromEntries(COLUMNS.map((name, c) => [name, ts.map((_t, r) => 100 * (c + 1) + 7 * v + r)]));
  return JSON.stringify({ data: { ts, ...data } });
});

const registry = await makeLstmRegistry();
// Three: the one before the last still stands by, and to go back to it loads nothing.
const versions = [
  await currentOf(registry),
  await writeLstmVersion(registry, 10.5),
  await writeLstmVersion(registry, 11),
];
// As the command line sets it for itself.
const service = await startService(registry, ['--workers', '1', '--registry-poll-ms', '50'], { MALLOC_ARENA_MAX: '1' });
const { url } = service;

async function currentOf(path) {
  return JSON.parse(readFileSync(`${path}/current.json`, 'utf8')).run_id;
}

const stats = async () => (await fetch(`${url}/queue_stats`)).json();

/** Promotes the next version, and waits until it serves. */
let current = 0;
async function swap() {
  current = (current + 1) % versions.length;
  await promote(registry, versions[current]);
  while ((await stats()).current_run_id !== versions[current]) await sleep(20);
}

const expected = {};
for (const runId of versions) {
  await promote(registry, runId);
  while ((await stats()).current_run_id !== runId) await sleep(20);
  expected[runId] = [];
  for (const body of bodies) {
    const answer = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { predictions } = await answer.json();
    const { ts: _ts, ...row } = predictions[0];
    expected[runId].push(row);
  }
}
current = versions.length - 1;

const closed = fork(file('./serve/generator.mjs'), [], { stdio: 'inherit' });
const paced = fork(file('./swap/paced-generator.mjs'), [], { stdio: 'inherit' });
let perSecond = rate;
if (rate === 0) {
  await told(closed, { url, connections: 50, seconds: 2, columns: COLUMNS });
  perSecond = share * (await told(closed, { url, connections: 50, seconds: 4, columns: COLUMNS })).perSecond;
}
const load = (time) => told(paced, { url, perSecond, seconds: time, bodies, expected });
await load(1);

const before = await load(seconds / 3);
const loaded = load(seconds);
const startedAt = performance.now();
for (let i = 0; i < swaps; i++) {
  await sleep(Math.max(0, startedAt + ((i + 0.5) * seconds * 1000) / swaps - performance.now()));
  await swap();
}
const during = await loaded;
const after = await load(seconds / 3);

const rssMib = async () => (await stats()).process.rss_bytes / 2 ** 20;
let isOver = false;
async function loadUntilOver() {
  const runs = [];
  while (!isOver) runs.push(await load(MANY_LOAD_SECONDS));
  const sum = (name) => runs.reduce((total, run) => total + run[name], 0);
  return { requests: sum('requests'), right: sum('right'), failed: sum('failed'), wrong: sum('wrong') };
}
const loadedAgain = loadUntilOver();
const rss = [await rssMib()];
for (let i = swaps; i < many; i++) {
  await swap();
  if ((i + 1) % 20 === 0) rss.push(await rssMib());
}
isOver = true;
const duringMany = await loadedAgain;
const reference = Math.max(before.latencyMs.p99, after.latencyMs.p99);
console.log(
  JSON.stringify(
    {
      bench: 'swap',
      machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
      model: 'LSTM 128x2, lookback 10, horizon 1',
      swaps,
      perSecond,
      before,
      during,
      after,
      duringMany,
      p99Ratio: during.latencyMs.p99 / reference,
      rssMib: { after: `${swaps} swaps, then every 20 up to ${many}`, values: rss, ratio: rss.at(-1) / rss[0] },
    },
    null,
    2,
  ),
);
closed.kill();
paced.kill();
await stopService(service);
rmSync(registry, { recursive: true, force: true });
