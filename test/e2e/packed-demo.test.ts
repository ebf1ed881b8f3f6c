import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { run } from '../support/run-flts.js';

/** What a stranger does with the tarball: install it into an empty folder, and run the demo there. */
const folder = mkdtempSync(join(tmpdir(), 'flts-packed-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('the packed package installs into an empty folder and runs the demo there', async () => {
  // The build is done: scripts would only do it again.
  const packed = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: resolve('.') });
  expect(packed.code, packed.stderr).toBe(0);
  const [tarball = ''] = readdirSync(folder);
  await run('npm', ['init', '-y'], { cwd: folder });
  const installed = await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`], {
    cwd: folder,
  });
  expect(installed.code, installed.stderr).toBe(0);

  const demo = await run('npx', ['flts', 'demo'], { cwd: folder });
  expect(demo.code, demo.stderr).toBe(0);
  expect(demo.stdout).toMatch(/The run is (VALID|INVALID)\./);
  expect(demo.stdout).toContain('npx flts serve');
  const out = join(folder, 'flts-demo');
  for (const file of ['report.html', 'report.md', 'run.json', 'traffic.csv', 'registry/current.json']) {
    expect(existsSync(join(out, file)), file).toBe(true);
  }
  const { phases } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as {
    phases: { name: string; requests: number; failed: number }[];
  };
  expect(phases.map(({ name }) => name)).toEqual(['warm-up', '10', '50', '100']);
  for (const { name, requests, failed } of phases) {
    expect(requests, name).toBeGreaterThan(100);
    expect(failed, name).toBe(0);
  }
  // No terminal, no escape sequences.
  expect(demo.stdout + demo.stderr).not.toContain('\u001b');
}, 600_000);
