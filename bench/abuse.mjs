/**
 * The service under abuse: idle connections by the thousand, senders that drip their headers or bodies, garbage, huge
 * headers, and pipelines whose answers nobody reads. Meanwhile a good client, with an API key of its own, asks; memory is
 * watched. Prints JSON.
 *
 *   npm run bench -- abuse [--idle 10000] [--hostile 100] [--seconds 15] [--max-growth-mb 250]
 *
 * Exit 1 when a good request failed, a slow sender was not cut off, or memory grew by more than `max-growth-mb`.
 */
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';
import { openIdle, startHostile } from './abuse/hostile-clients.mjs';
import { rssMb } from './serve/memory.mjs';
import { COLUMNS, makeLstmRegistry } from './serve/lstm-registry.mjs';
import { startService, stopService } from './serve/start-service.mjs';

const { values: options } = parseArgs({
  options: {
    idle: { type: 'string', default: '10000' },
    hostile: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '15' },
    'max-growth-mb': { type: 'string', default: '250' },
  },
});
/** Short, so that slow senders are cut off within the run. */
const RECEIVE_TIMEOUT_MS = 2000;
const GOOD_CLIENTS = 4;

const body = JSON.stringify({
  data: {
    ts: Array.from({ length: 30 }, (_, r) => new Date(Date.UTC(2018, 1, 5) + r * 120_000).toISOString().slice(0, 19)),
    ...Object.fromEntries(COLUMNS.map((name, c) => [name, Array.from({ length: 30 }, (_, r) => 1000 * c + r)])),
  },
});

function startWithKeys(registry) {
  const keys = `${registry}/keys`;
  const line = (name) => `${name} ${createHash('sha256').update(name).digest('hex')}\n`;
  writeFileSync(keys, line('good') + line('hostile'));
  const args = ['--workers', '1', '--api-keys-file', keys, '--receive-timeout-ms', String(RECEIVE_TIMEOUT_MS)];
  return startService(registry, args);
}

/** Asks on `GOOD_CLIENTS` connections, one request after the other, until `isOver`. */
async function askUntil(url, isOver) {
  const dispatcher = new Agent({ connections: GOOD_CLIENTS });
  const latenciesMs = [];
  const failures = {};
  const client = async () => {
    while (!isOver()) {
      const sentAt = performance.now();
      const headers = { 'content-type': 'application/json', 'x-api-key': 'good' };
      const outcome = await request(`${url}/predict`, { method: 'POST', headers, body, dispatcher }).then(
        async (answer) => {
          const reply = await answer.body.json();
          return answer.statusCode === 200 ? 200 : `${answer.statusCode} ${reply.reason ?? reply.code}`;
        },
        (error) => error.code ?? error.message,
      );
      latenciesMs.push(performance.now() - sentAt);
      if (outcome !== 200) failures[outcome] = (failures[outcome] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: GOOD_CLIENTS }, client));
  await dispatcher.close();
  const sorted = latenciesMs.sort((a, b) => a - b);
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
  return { requests: sorted.length, failures, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1) };
}

function untilMs(ms) {
  const endsAt = performance.now() + ms;
  return () => performance.now() >= endsAt;
}

async function run(url, pid) {
  await askUntil(url, untilMs(2000));
  const before = { ...(await askUntil(url, untilMs(2000))), rssMb: rssMb(pid) };
  const idle = await openIdle(url, Number(options.idle));
  const withIdleMb = rssMb(pid);
  const hostile = startHostile(url, Number(options.hostile), 'hostile', body);
  let peakMb = withIdleMb;
  const watching = setInterval(() => {
    peakMb = Math.max(peakMb, rssMb(pid));
  }, 100);
  const during = await askUntil(url, untilMs(1000 * Number(options.seconds)));
  clearInterval(watching);
  hostile.stop();
  const closedIdle = idle.closed();
  idle.close();
  await delay(1000);
  const after = { ...(await askUntil(url, untilMs(2000))), rssMb: rssMb(pid) };
  const stats = await (await fetch(`${url}/queue_stats`)).json();
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const gauge = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)[1]);
  return {
    before,
    idle: { open: Number(options.idle), closed: closedIdle, rssMb: withIdleMb },
    during: { ...during, peakRssMb: peakMb },
    outcomes: hostile.outcomes,
    after,
    left: {
      queued: stats.queue_length,
      active: stats.active,
      steps: gauge('inference_steps_in_flight'),
      bytes: gauge('inference_bytes_in_flight'),
      // The one that asks.
      requests: gauge('http_requests_in_flight') - 1,
    },
    error500: stats.error_500_total,
  };
}

/** What went against the promise; empty when it was kept. */
function problemsOf(result) {
  const problems = [];
  for (const phase of ['before', 'during', 'after']) {
    if (Object.keys(result[phase].failures).length > 0) problems.push(`good requests failed (${phase})`);
    if (result[phase].requests === 0) problems.push(`no good request was answered (${phase})`);
  }
  for (const attack of ['slowHeaders', 'slowBodies']) {
    if (!(result.outcomes[attack]['408'] > 0)) problems.push(`${attack}: nobody was cut off`);
  }
  if (result.idle.closed > 0) problems.push('idle connections were closed');
  if (result.error500 > 0) problems.push('there were replies with status 500');
  const left = Object.entries(result.left).filter(([, count]) => count !== 0);
  if (left.length > 0) problems.push(`left behind: ${left.map(([name]) => name).join(', ')}`);
  const growthMb = result.during.peakRssMb - result.before.rssMb;
  if (growthMb > Number(options['max-growth-mb'])) problems.push(`memory grew by ${Math.round(growthMb)} MB`);
  return problems;
}

const registry = await makeLstmRegistry();
const service = await startWithKeys(registry);
const { child, url } = service;
try {
  const result = await run(url, child.pid);
  const problems = problemsOf(result);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  console.log(JSON.stringify({ bench: 'abuse', machine, options, ...result, problems }, null, 2));
  if (problems.length > 0) process.exitCode = 1;
} finally {
  await stopService(service);
  rmSync(registry, { recursive: true, force: true });
}
