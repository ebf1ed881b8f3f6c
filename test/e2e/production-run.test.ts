import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
import type { Run } from '../../src/contract/index.js';
import { readRunBundle } from '../../src/report/index.js';
import { promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { flts, MAIN } from '../support/run-flts.js';

/** The preset's soak is two hours: a fiftieth of it, with the phases before, takes three minutes. */
const RUN_TIMEOUT_MS = 400_000;

let service: ChildProcess | null = null;
afterEach(() => {
  service?.kill('SIGKILL');
});

/** `flts serve` with a model, once it is ready. */
async function serve(): Promise<string> {
  const registry = temporaryFolder();
  await promoteFixture(registry);
  const child = spawn(process.execPath, [MAIN, 'serve', '--registry', registry, '--port', '0'], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  service = child;
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const url = /"url":"([^"]+)"/.exec(log)?.[1];
      if (url !== undefined && log.includes('model taken')) resolve(url);
    });
    child.once('exit', () => {
      reject(new Error(log));
    });
  });
}

describe('flts loadtest production against flts serve', () => {
  it(
    'ends with a complete bundle, and with 0 or with 98 and its reasons',
    async () => {
      const out = join(temporaryFolder(), 'run');
      const { code, stderr } = await flts([
        ...['loadtest', 'production', '--scale', '0.02', '--target', await serve(), '--out', out, '--json'],
      ]);
      expect([0, 98], stderr).toContain(code);
      expect(readdirSync(out).sort()).toEqual([
        ...['histograms.hlog', 'report.html', 'report.md', 'run.json', 'samples.ndjson.gz', 'server.ndjson.gz'],
      ]);
      const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as Run;
      expect(run.phases.map(({ name }) => name)).toEqual(['warm-up', 'ramp', 'sustained', 'spike', 'soak']);
      for (const phase of run.phases) expect(phase.requests).toBeGreaterThan(0);
      expect(run.validity?.valid).toBe(code === 0);
      expect(run.validity?.reasons.length === 0).toBe(code === 0);
      expect(run.phases.find(({ name }) => name === 'spike')?.recovery).toBeTruthy();
      expect(run.phases.find(({ name }) => name === 'soak')?.slopes?.rss_bytes).toBeTruthy();
      expect((await readRunBundle(out)).gaps).toEqual([]);
      rmSync(out, { recursive: true });
    },
    RUN_TIMEOUT_MS,
  );
});
