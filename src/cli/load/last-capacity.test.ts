import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastCapacity } from './last-capacity.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flts-runs-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function put(name: string, url: string, rate: number | null, atS: number): void {
  mkdirSync(join(folder, name));
  const capacity = {
    rate_per_s: rate,
    broken_per_s: null,
    confirmed: true,
    requirement: 'p95<1s',
    note: '',
    steps: [],
  };
  const path = join(folder, name, 'run.json');
  writeFileSync(path, JSON.stringify({ schema_version: 1, phases: [{ name: 'a' }], target: { url }, capacity }));
  utimesSync(path, atS, atS);
}

describe('lastCapacity', () => {
  it('is that of the newest run against the same target that found one', async () => {
    put('capacity-1', 'http://a', 100, 1_000);
    put('capacity-2', 'http://a', 200, 2_000);
    put('capacity-3', 'http://b', 300, 3_000);
    put('capacity-4', 'http://a', null, 4_000);
    mkdirSync(join(folder, 'empty'));
    expect(await lastCapacity(folder, 'http://a')).toMatchObject({ perS: 200, path: join(folder, 'capacity-2') });
    expect(await lastCapacity(folder, 'http://c')).toBeNull();
    expect(await lastCapacity(join(folder, 'nowhere'), 'http://a')).toBeNull();
  });
});
