import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { flts } from '../support/run-flts.js';
import { smallDisk } from '../support/small-disk.js';

const disk = smallDisk(256, 'commands on a disk that is full');
const traffic = mkdtempSync(join(tmpdir(), 'flts-full-'));

beforeAll(async () => {
  const made = await flts(['synth', '--rows', '2200', '--out', join(traffic, 'long.csv')]);
  expect(made.code, made.stderr).toBe(0);
});

afterAll(() => {
  disk?.unmount();
  rmSync(traffic, { recursive: true });
});

it.skipIf(disk === null)('a full disk while a model is kept: one sentence, and nothing half-written', async () => {
  const registry = join(disk!.folder, 'registry');
  const trained = await flts([
    'train',
    join(traffic, 'long.csv'),
    '--model',
    'ridge',
    '--promote',
    '--registry',
    registry,
  ]);
  expect(trained.code).toBe(6);
  expect(trained.stderr).toMatch(/flts: .*(disk is full|cannot be written)/);
  expect(trained.stderr).toContain('→');
  expect(trained.stderr).not.toMatch(/\n\s+at /);
  const left = readdirSync(disk!.folder, { recursive: true }).filter(
    (name) => !/^registry(\/models)?$/.test(String(name)),
  );
  expect(left).toEqual([]);
});

it.skipIf(disk === null)('a full disk while traffic is written: one sentence, and no file', async () => {
  const out = join(disk!.folder, 'traffic.csv');
  const written = await flts(['synth', '--rows', '20000', '--out', out]);
  expect(written.code).toBe(6);
  expect(written.stderr).toMatch(/flts: .*(disk is full|cannot be written)/);
  expect(readdirSync(disk!.folder).filter((name) => name.includes('traffic'))).toEqual([]);
});
