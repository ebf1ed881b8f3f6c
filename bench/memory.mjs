/**
 * Resident memory of the service over many requests: closed load at 50 connections, a reading after every `--every`
 * requests, and the slope (Theil–Sen) after the first 100,000. Prints JSON; exit 1 when it grows by 1 MB or more in
 * 100,000 requests, or ends above 250 MB.
 *
 *   npm run bench -- memory [--requests 1000000] [--every 20000]
 */
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { theilSen } from '../dist/domain/stats/index.js';
import { rssMb } from './serve/memory.mjs';
import { COLUMNS, makeLstmRegistry } from './serve/lstm-registry.mjs';
import { load, startService, stopService } from './serve/start-service.mjs';

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    every: { type: 'string', default: '20000' },
  },
});
const WARM_UP_REQUESTS = 100_000;
const MOST_MB = 250;
const MOST_SLOPE_MB = 1;

const registry = await makeLstmRegistry();
const service = await startService(registry, ['--workers', '1']);
const generator = fork(fileURLToPath(new URL('./serve/generator.mjs', import.meta.url)), [], { stdio: 'inherit' });
try {
  const readings = [];
  let requests = 0;
  let errors = 0;
  while (requests < Number(options.requests)) {
    const job = { url: service.url, connections: 50, seconds: 60, columns: COLUMNS, requests: Number(options.every) };
    const result = await load(generator, job);
    requests += result.requests;
    errors += result.errors;
    readings.push({ requests, rssMb: rssMb(service.child.pid) });
    console.error(`${requests} requests, ${Math.round(readings.at(-1).rssMb)} MB`);
  }
  const later = readings.filter((one) => one.requests > WARM_UP_REQUESTS);
  const slope = theilSen(
    later.map((one) => one.requests / 100_000),
    later.map((one) => one.rssMb),
  );
  const lastMb = readings.at(-1).rssMb;
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const result = { bench: 'memory', machine, requests, errors, slopeMbPer100k: slope, lastMb, readings };
  console.log(JSON.stringify(result, null, 2));
  if (errors > 0 || !(slope.slope < MOST_SLOPE_MB) || lastMb > MOST_MB) process.exitCode = 1;
} finally {
  generator.kill();
  await stopService(service);
  rmSync(registry, { recursive: true, force: true });
}
