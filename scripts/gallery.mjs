/**
 * `npm run gallery`: measures `flts serve` twice on this machine and writes the reports to docs/gallery: with a load
 * that people would put on it, and with far more users than it can answer in time. Takes about three minutes; leave the
 * machine alone. With a name (`npm run gallery -- overloaded`) that report only.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { startService, stopService } from '../bench/serve/start-service.mjs';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const GALLERY = fileURLToPath(new URL('../docs/gallery/', import.meta.url));
/** Reports are read in a browser and kept in git. */
const HTML_BYTES_MAX = 1_500_000;
/** A load test that missed a requirement, or is not valid, is a report all the same. */
const REPORTED = [0, 98, 99];
const RUNS = [
  {
    name: 'default',
    args: ['progressive', '--scale', '0.4', '--require', 'p95<2000ms', '--require', 'success>=99.9%'],
  },
  { name: 'overloaded', args: ['overloaded.yaml', '--require', 'p95<30ms', '--require', 'success>=99.9%'] },
].filter(({ name }) => process.argv.length < 3 || process.argv.includes(name));
/** Far more users than can be answered within the requirement. */
const OVERLOADED = {
  name: 'overloaded',
  phases: [
    { name: 'warm-up', kind: 'warmup', users: 5, duration_s: 5 },
    ...[1, 4, 16, 64, 256, 800].map((users) => ({ name: String(users), users, duration_s: 8 })),
  ],
};

const folder = mkdtempSync(join(tmpdir(), 'flts-gallery-'));
const registry = join(folder, 'registry');

function flts(...args) {
  try {
    execFileSync(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'inherit'], cwd: folder });
  } catch (error) {
    if (args[0] !== 'loadtest' || !REPORTED.includes(error.status)) throw error;
  }
}

try {
  flts('synth', '--rows', '2500', '--seed', '3', '--out', 'traffic.csv');
  flts('train', 'traffic.csv', '--model', 'ridge', '--promote', '--registry', registry);
  writeFileSync(join(folder, 'overloaded.yaml'), JSON.stringify(OVERLOADED));
  mkdirSync(GALLERY, { recursive: true });
  for (const { name, args } of RUNS) {
    // A replica is called after its machine, and the name of this one is nobody's business.
    const service = await startService(registry, ['--workers', '1'], { FLTS_REPLICA_ID: 'a' });
    flts('loadtest', ...args, '--target', service.url, '--out', name);
    await stopService(service);
    for (const format of ['html', 'md']) {
      const report = join(folder, name, `report.${format}`);
      const text = readFileSync(report, 'utf8');
      if (text.includes(folder)) throw new Error(`${report} names a folder of this machine`);
      if (text.length > HTML_BYTES_MAX) throw new Error(`${report} has ${text.length} bytes`);
      copyFileSync(report, join(GALLERY, `${name}.${format}`));
      console.log(`docs/gallery/${name}.${format}  ${Math.ceil(text.length / 1024)} KiB`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
