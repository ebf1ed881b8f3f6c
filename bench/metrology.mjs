// The load lab as an instrument, held against servers that know the truth and against other tools:
//   npm run bench -- metrology [--seconds 20] [--write]
// Calibration on servers with known delays, the stall, then the same fixed rate by vegeta and the same closed
// connections by wrk, interleaved, on one server. Tools that are not installed are left out and named. `--write` puts
// the tables into docs/reference/metrology.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runLoadTest } from '../dist/loadtest/index.js';
import { vegeta, wrk } from './metrology/other-tools.mjs';
import { startDelayServer } from './metrology/start-delay-server.mjs';
import { spread } from './serve/start-service.mjs';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '20' }, write: { type: 'boolean' } },
});
const seconds = Number(options.seconds);
const ROUNDS = 5;
/** A reading beyond the tolerances is taken again, so often in all; every one stands in the table. */
const READINGS = 3;
const RATE = 200;
const CONNECTIONS = 8;
const folder = mkdtempSync(join(tmpdir(), 'flts-metrology-'));

/** What the lab reads of one phase, what the server recorded of it, and what generator and server say of the machine. */
async function measure(server, phase) {
  await server.record();
  const { run } = await runLoadTest({
    target: server.url,
    outDir: join(folder, 'run'),
    version: 'bench',
    nullUrl: '/nowhere',
    scenario: {
      generators: 1,
      request: { path: '/work', check: 'json' },
      phases: [{ name: 'p', kind: 'custom', duration_s: seconds, ...phase }],
    },
  });
  const [found] = run.phases;
  return { ...found, truth: await server.record(), ownMs: found.generators[0].own_delay_ms.p99 };
}

const TOLERANCES = [
  ['p50_ms', 0.5, 0.01, 1],
  ['p95_ms', 0.95, 0.01, 1],
  ['p99_ms', 0.99, 0.05, 3],
];
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
      const server = await startDelayServer(law);
      for (let reading = 0; reading < READINGS; reading++) {
        const found = await measure(server, phase);
        const { delaysMs, lateMsP99 } = found.truth;
        const read = TOLERANCES.map(([name, p, share, least]) => {
          const right = rank(delaysMs, p);
          const within = Math.abs(found[name] - right) <= Math.max(share * right, least);
          return { within, cell: `${ms(found[name])} / ${ms(right)}${within ? '' : ' **beyond**'}` };
        });
        rows.push([law.law, load, found.requests, ...read.map(({ cell }) => cell), ms(lateMsP99), ms(found.ownMs)]);
        if (read.every(({ within }) => within)) break;
      }
      await server.close();
    }
  }
  return table(
    ['delays', 'load', 'requests', 'p50: read / true ms', 'p95', 'p99', 'server late, p99', "generator's own, p99"],
    rows,
  );
}

async function stall() {
  const server = await startDelayServer({ law: 'fixed', ms: 5 });
  const lengthMs = seconds * 1000;
  const stallMs = (1_400 / 30_000) * lengthMs;
  await server.stall(lengthMs / 2, stallMs);
  const open = await measure(server, { rate: RATE / 2 });
  await server.stall(lengthMs / 2, stallMs);
  const closed = await measure(server, { users: 1 });
  await server.close();
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

/**
 * Each tool against the server's record of its own requests: draws of 6,000 exponential delays differ by 1.3 ms in their
 * 99th percentile (one standard error), so that one tool's figures against another's would compare the draws.
 */
async function besideOthers() {
  const server = await startDelayServer({ law: 'exponential', ms: 10 });
  const rows = [];
  const errors = new Map();
  const add = async (who, load, figures) => {
    const { delaysMs, lateMsP99 } = figures?.truth ?? (await server.record());
    if (figures === null) {
      rows.push([who, load, 'not installed', '', '']);
      return;
    }
    const cells = [
      ['p50_ms', 0.5],
      ['p99_ms', 0.99],
    ].map(([name, p]) => {
      const right = rank(delaysMs, p);
      const key = `${who} at ${load}, ${name.slice(0, 3)}`;
      errors.set(key, [...(errors.get(key) ?? []), figures[name] - right]);
      return `${ms(figures[name])} / ${ms(right)}`;
    });
    rows.push([who, load, ...cells, ms(lateMsP99)]);
  };
  const rate = `${RATE}/s`;
  const connections = `${CONNECTIONS} connections`;
  for (let round = 0; round < ROUNDS; round++) {
    await add('flts', rate, await measure(server, { rate: RATE }));
    await add('vegeta', rate, vegeta(server.url, { rate: RATE, seconds, folder }));
    await add('flts', connections, await measure(server, { users: CONNECTIONS }));
    await add('wrk', connections, wrk(server.url, { connections: CONNECTIONS, seconds, folder }));
  }
  await server.close();
  const summary = [...errors].map(([key, list]) => {
    const { median, min, max } = spread(list);
    return [key, median.toFixed(2), `${min.toFixed(2)} to ${max.toFixed(2)}`];
  });
  return `${table(['generator', 'load', 'p50: read / true ms', 'p99', 'server late, p99'], rows)}

Read less true, ms:

${table(['generator', 'median of the rounds', 'least and most'], summary)}`;
}

try {
  const page = `# Metrology

Made by \`npm run bench -- metrology --seconds ${seconds} --write\` on ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), generator and server on the same machine.

## Known delays

What the lab reads beside what the server recorded of each request itself. Allowed: p50 and p95 within 1 % or 1 ms, p99 within 5 % or 3 ms.
Beside them stands what the machine did: how late the server's event loop got to its timers, and what the generator itself added
(lag, and waits for a processor), both at the 99th percentile. The server's record begins when its event loop gets to a request; on a
busy machine that is a while after it came. A fixed delay shows every lateness of the machine; the spread of the others hides it.
A reading beyond the tolerances is taken again, three times in all; each stands here.

${await calibration()}

## A stall

A server of 5 ms that stops for ${(1.4 / 30).toFixed(3)} of the run: at a constant rate everybody who comes in the stall waits for the rest of it. One closed user meets it once.

${await stall()}

## Beside other tools

One server with exponential delays of 10 ms on average, in turns. Each tool is held against the server's record of its own
requests: 6,000 such delays have a 99th percentile that moves by 1.3 ms (standard error) from draw to draw.
Node's timers tick in milliseconds: a median between two ticks may be read on the other one, a millisecond away.

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
