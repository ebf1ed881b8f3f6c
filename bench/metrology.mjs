// The load lab as an instrument, held against servers that know the truth and against other tools:
//   npm run bench -- metrology [--seconds 20] [--write]
// Calibration on servers with known delays, the stall, then the same fixed rate by vegeta and the same closed
// connections by wrk, interleaved, on one server. Tools that are not installed are left out and named. `--write` puts
// the tables into docs/reference/metrology.md.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runLoadTest } from '../dist/loadtest/index.js';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, write: { type: 'boolean' } },
});
const seconds = Number(options.seconds);
const ROUNDS = 3;
const RATE = 200;
const CONNECTIONS = 8;
const folder = mkdtempSync(join(tmpdir(), 'flts-metrology-'));

async function startServer(law) {
  const child = fork(new URL('./metrology/delay-server.mjs', import.meta.url), [JSON.stringify(law)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = await once(child.stdout, 'data');
  const url = `http://127.0.0.1:${line.toString().trim()}`;
  return {
    url,
    record: async () => (await (await fetch(`${url}/record`)).json()).delaysMs.sort((a, b) => a - b),
    stall: (after, ms) => fetch(`${url}/stall?after=${after}&for=${ms}`),
    close: () => child.disconnect(),
  };
}

async function measure(server, phase) {
  const { run } = await runLoadTest({
    target: server.url,
    outDir: join(folder, 'run'),
    version: 'bench',
    nullUrl: '/nowhere',
    scenario: {
      request: { path: '/work', check: 'json' },
      phases: [{ name: 'p', kind: 'custom', duration_s: seconds, ...phase }],
    },
  });
  return run.phases[0];
}

const rank = (sorted, p) => sorted[Math.ceil(sorted.length * p) - 1];
const ms = (value) => (value === undefined || value === null ? '–' : value.toFixed(value < 10 ? 2 : 1));
const table = (titles, rows) =>
  [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

async function calibration() {
  const rows = [];
  for (const law of [
    { law: 'fixed', ms: 50 },
    { law: 'exponential', ms: 30 },
    { law: 'bimodal', ms: 10, slowMs: 100, slowShare: 0.1 },
  ]) {
    for (const [load, phase] of [
      ['6 users, 50 ms think time', { users: 6, think_s: 0.05 }],
      [`${RATE / 2}/s, Poisson`, { rate: RATE / 2, arrivals: 'poisson' }],
    ]) {
      const server = await startServer(law);
      const found = await measure(server, phase);
      const truth = await server.record();
      server.close();
      const cells = [
        ['p50_ms', 0.5, 0.01, 1],
        ['p95_ms', 0.95, 0.01, 1],
        ['p99_ms', 0.99, 0.05, 3],
      ].map(([name, p, share, least]) => {
        const right = rank(truth, p);
        const within = Math.abs(found[name] - right) <= Math.max(share * right, least);
        return `${ms(found[name])} / ${ms(right)}${within ? '' : ' **beyond**'}`;
      });
      rows.push([law.law, load, found.requests, ...cells]);
    }
  }
  return table(['delays', 'load', 'requests', 'p50: read / true ms', 'p95', 'p99'], rows);
}

async function stall() {
  const server = await startServer({ law: 'fixed', ms: 5 });
  const lengthMs = seconds * 1000;
  const stallMs = (1_400 / 30_000) * lengthMs;
  await server.stall(lengthMs / 2, stallMs);
  const open = await measure(server, { rate: RATE / 2 });
  await server.stall(lengthMs / 2, stallMs);
  const closed = await measure(server, { users: 1 });
  server.close();
  const computed = stallMs - 0.01 * lengthMs + 5;
  return table(
    ['generator', 'p99 read', 'p99 computed', 'off by'],
    [
      [
        `${RATE / 2}/s, constant`,
        ms(open.p99_ms),
        ms(computed),
        `${(100 * (open.p99_ms / computed - 1)).toFixed(1)} %`,
      ],
      ['1 closed user', ms(closed.p99_ms), ms(computed), `${(100 * (closed.p99_ms / computed - 1)).toFixed(1)} %`],
    ],
  );
}

function tool(name, args, input) {
  try {
    return execFileSync(name, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}

function vegeta(url) {
  const attack = ['attack', `-rate=${RATE}`, `-duration=${seconds}s`, '-workers=50'];
  const raw = join(folder, 'vegeta.bin');
  if (tool('vegeta', [...attack, `-output=${raw}`], `POST ${url}/work\n`) === null) return null;
  const { latencies } = JSON.parse(tool('vegeta', ['report', '-type=json', raw]));
  return { p50_ms: latencies['50th'] / 1e6, p99_ms: latencies['99th'] / 1e6 };
}

function wrk(url) {
  const script = join(folder, 'post.lua');
  writeFileSync(script, 'wrk.method = "POST"\n');
  const text = tool('wrk', ['-t2', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', script, `${url}/work`]);
  if (text === null) return null;
  const at = (p) => {
    const [, value, unit] = new RegExp(`^\\s+${p}%\\s+([\\d.]+)(us|ms|s)`, 'm').exec(text);
    return Number(value) * { us: 1e-3, ms: 1, s: 1_000 }[unit];
  };
  return { p50_ms: at(50), p99_ms: at(99) };
}

/** Requests per CPU-second of each generator, from the bench of that. */
function costOfRequests() {
  const script = fileURLToPath(new URL('./generators.mjs', import.meta.url));
  const text = execFileSync(process.execPath, [script, '--rounds', '3', '--seconds', '3'], { encoding: 'utf8' });
  const { requestsPerCpuS, ratio, recording, connections, bodyBytes } = JSON.parse(text);
  const rows = requestsPerCpuS.map((round, i) => [
    i + 1,
    ...['flts', 'fltsUnique', 'autocannon', 'wrk'].map((name) => round[name] ?? 'not installed'),
  ]);
  const said = (name) => (ratio[name] === null ? 'not installed' : `${ratio[name]} ×`);
  return `${connections} connections, a body of ${bodyBytes} bytes, a server that does nothing and never sleeps. flts checks every answer and records every sample. Requests per CPU-second:

${table(['round', 'flts', 'flts, every body another', 'autocannon', 'wrk'], rows)}

Median of the ratios, all with one body: ${said('autocannon')} autocannon, ${said('wrk')} wrk. Recording takes ${recording.usPerSample} µs a sample, ${(100 * recording.share).toFixed(0)} % of the generator's CPU.`;
}

async function besideOthers() {
  const server = await startServer({ law: 'exponential', ms: 10 });
  const rows = [];
  const add = (who, load, figures) =>
    rows.push([
      who,
      load,
      figures === null ? 'not installed' : ms(figures.p50_ms),
      figures === null ? '' : ms(figures.p99_ms),
    ]);
  for (let round = 0; round < ROUNDS; round++) {
    add('flts', `${RATE}/s`, await measure(server, { rate: RATE }));
    add('vegeta', `${RATE}/s`, vegeta(server.url));
    add('flts', `${CONNECTIONS} connections`, await measure(server, { users: CONNECTIONS }));
    add('wrk', `${CONNECTIONS} connections`, wrk(server.url));
  }
  server.close();
  return table(['generator', 'load', 'p50 ms', 'p99 ms'], rows);
}

try {
  const page = `# Metrology

Made by \`npm run bench -- metrology --seconds ${seconds} --write\` on ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), generator and server on the same machine.

## Known delays

What the lab reads beside what the server recorded of each request itself. Allowed: p50 and p95 within 1 % or 1 ms, p99 within 5 % or 3 ms.
The server's record begins when its event loop gets to a request; on a busy machine that is a while after it came. A fixed delay
shows every lateness of the machine; the spread of the others hides it.

${await calibration()}

## A stall

A server of 5 ms that stops for ${(1.4 / 30).toFixed(3)} of the run: at a constant rate everybody who comes in the stall waits for the rest of it. One closed user meets it once.

${await stall()}

## Beside other tools

One server with exponential delays of 10 ms on average, in turns.

${await besideOthers()}

wrk's figures are not those of its requests: before it prints, it adds for every answer that took twice the mean interval of its
connection or longer those that would have been sent meanwhile (\`stats_correct\` in its source). For exponential delays of 10 ms that
lifts a median of 6.8 ms to some 9.8 and a p99 of 46.8 ms to 48.8. flts prints what was measured, and for what would have queued
there are open arrivals.

## What a request costs the generator

${costOfRequests()}
`;
  console.log(page);
  if (options.write) writeFileSync(new URL('../docs/reference/metrology.md', import.meta.url), page);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
