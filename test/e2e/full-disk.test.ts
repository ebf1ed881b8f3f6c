import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flts } from '../support/run-flts.js';

/** A disk that is really full: a file system of 256 KiB, which takes the right to mount one. */
const folder = mkdtempSync(join(tmpdir(), 'flts-full-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]).status === 0;
if (!mounted) console.warn('SKIPPED: no right to mount a small file system; a full disk is not tried');

beforeAll(async () => {
  const made = await flts(['synth', '--rows', '2200', '--out', `${folder}.csv`]);
  expect(made.code, made.stderr).toBe(0);
});

afterAll(() => {
  if (mounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}.csv`, { force: true });
});

it.skipIf(!mounted)('a full disk while a model is kept: one sentence, and nothing half-written', async () => {
  const registry = join(folder, 'registry');
  const trained = await flts(['train', `${folder}.csv`, '--model', 'ridge', '--promote', '--registry', registry]);
  expect(trained.code).toBe(6);
  expect(trained.stderr).toMatch(/flts: .*(disk is full|cannot be written)/);
  expect(trained.stderr).toContain('→');
  expect(trained.stderr).not.toMatch(/\n\s+at /);
  const left = readdirSync(folder, { recursive: true }).filter((name) => !/^registry(\/models)?$/.test(String(name)));
  expect(left).toEqual([]);
});

it.skipIf(!mounted)('a full disk while traffic is written: one sentence, and no file', async () => {
  const out = join(folder, 'traffic.csv');
  const written = await flts(['synth', '--rows', '20000', '--out', out]);
  expect(written.code).toBe(6);
  expect(written.stderr).toMatch(/flts: .*(disk is full|cannot be written)/);
  expect(readdirSync(folder).filter((name) => name.includes('traffic'))).toEqual([]);
});
