/**
 * What a request costs the load generator: requests per CPU-second of `flts loadtest` (every answer checked, every sample
 * recorded), autocannon and wrk, interleaved against one server that does nothing. All send one body of the service's
 * usual size again and again; `fltsUnique` is flts with another body in every request, which the others cannot. Prints
 * JSON: each round, the median of the ratios, and the share of the generator's CPU that recording takes.
 *
 *   npm run bench -- generators [--rounds 5] [--seconds 4] [--connections 32]
 *
 * wrk has to be installed; without it its part is null.
 */
import { execFileSync, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runLoadTest } from '../dist/loadtest/index.js';
import { median } from './serve/start-service.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '32' },
  },
});
const seconds = Number(options.seconds);
const connections = Number(options.connections);
const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'flts-generators-'));

/** µs of CPU that recording takes the generator for each sample: the columns, and the message to the coordinator. */
async function recordingUs() {
  const child = fork(file('./metrology/record-samples.mjs'), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  for await (const [message] of on(child, 'message')) if (message.usPerSample !== undefined) return message.usPerSample;
  return null;
}

/** One request's body as `flts loadtest` sends it: a fixed one for the others, taken from the wire. */
async function bodyOnTheWire() {
  const { createServer } = await import('node:http');
  let body = '';
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'POST') body = Buffer.concat(chunks).toString('latin1');
      response.end('{"ok":true}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await flts(`http://127.0.0.1:${server.address().port}`, { users: 1, requests_per_user: 1 });
  server.closeAllConnections();
  server.close();
  return body;
}

async function flts(target, phase, request = {}) {
  let begun = null;
  let recorderS = null;
  const { run } = await runLoadTest({
    target,
    outDir: join(folder, 'run'),
    version: 'bench',
    nullUrl: '/',
    onProgress: ({ step }) => {
      if (step === 'running') begun ??= process.cpuUsage();
      if (step === 'writing' && begun !== null) {
        const { user, system } = process.cpuUsage(begun);
        recorderS = (user + system) / 1e6;
      }
    },
    scenario: { generators: 1, request: { check: 'json', ...request }, phases: [{ name: 'p', ...phase }] },
  });
  const { requests, failed, generators } = run.phases[0];
  return { requests, errors: failed, cpuS: generators[0].cpu_s, coordinatorCpuS: recorderS };
}

async function autocannon(url, body) {
  const child = fork(file('./metrology/autocannon-run.mjs'), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.send({ url: `${url}/predict`, connections, seconds, body });
  const [result] = await once(child, 'message');
  return result;
}

function wrk(url, body) {
  const script = join(folder, 'post.lua');
  writeFileSync(
    script,
    `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [[${body}]]\n`,
  );
  const command = `TIMEFORMAT='cpu %U %S'; time wrk -t1 -c${connections} -d${seconds}s -s ${script} ${url}/predict`;
  try {
    const text = execFileSync('bash', ['-c', `{ ${command}; } 2>&1`], { encoding: 'utf8' });
    const [, user, system] = /^cpu ([\d.]+) ([\d.]+)$/m.exec(text);
    const requests = Number(/(\d+) requests in/.exec(text)[1]);
    return { requests, errors: Number(/Non-2xx.*: (\d+)/.exec(text)?.[1] ?? 0), cpuS: Number(user) + Number(system) };
  } catch {
    return null;
  }
}

const perCpuS = (result) => (result === null ? null : Math.round(result.requests / result.cpuS));

const server = fork(file('./metrology/null-server.mjs'), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
const [{ url }] = await once(server, 'message');
try {
  const body = await bodyOnTheWire();
  const rounds = [];
  for (let i = 0; i < Number(options.rounds); i++) {
    const results = { flts: await flts(url, { users: connections, duration_s: seconds }, { body: JSON.parse(body) }) };
    results.fltsUnique = await flts(url, { users: connections, duration_s: seconds });
    results.autocannon = await autocannon(url, body);
    results.wrk = wrk(url, body);
    rounds.push(results);
  }
  const recording = await recordingUs();
  const costUs = median(rounds.map(({ flts: { cpuS, requests } }) => (1e6 * cpuS) / requests));
  const ratios = (other) =>
    rounds.every((round) => round[other] !== null)
      ? Number(median(rounds.map((round) => perCpuS(round.flts) / perCpuS(round[other]))).toFixed(3))
      : null;
  console.log(
    JSON.stringify(
      {
        connections,
        bodyBytes: body.length,
        requestsPerCpuS: rounds.map((round) =>
          Object.fromEntries(Object.entries(round).map(([name, result]) => [name, perCpuS(result)])),
        ),
        coordinatorUsPerRequest: rounds.map(({ flts: { coordinatorCpuS, requests } }) =>
          Number(((1e6 * coordinatorCpuS) / requests).toFixed(2)),
        ),
        errors: rounds.map((round) => Object.values(round).reduce((sum, result) => sum + (result?.errors ?? 0), 0)),
        recording: { usPerSample: Number(recording.toFixed(2)), share: Number((recording / costUs).toFixed(3)) },
        ratio: { autocannon: ratios('autocannon'), wrk: ratios('wrk') },
      },
      null,
      2,
    ),
  );
} finally {
  server.disconnect();
  rmSync(folder, { recursive: true, force: true });
}
