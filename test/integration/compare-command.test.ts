import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flts } from '../support/run-flts.js';

let folder: string;
const NAMES = [1, 2, 3, 4, 5];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flts-compare-'));
  for (const [side, factor] of [
    ['a', 1],
    ['same', 1.001],
    ['slow', 1.3],
  ] as const) {
    for (const i of NAMES) {
      const p95 = 50 * factor * (1 + i / 500);
      mkdirSync(join(folder, `${side}-${i}`));
      writeFileSync(
        join(folder, `${side}-${i}`, 'run.json'),
        JSON.stringify({ schema_version: 1, phases: [{ name: '10', users: 10, p95_ms: p95 }] }),
      );
    }
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const runs = (side: string, names: readonly number[] = NAMES): string[] => names.map((i) => `${side}-${i}`);
const compare = (b: string[], ...more: string[]) =>
  flts(['compare', '--a', ...runs('a'), '--b', ...b, ...more], folder);

describe('flts compare', () => {
  it('exits 0 where B is no worse, 99 where it is', async () => {
    const same = await compare(runs('same'));
    expect([same.code, same.stderr]).toEqual([0, '']);
    expect(same.stdout).toMatch(/\nALIKE {2}p95@10/);
    const slow = await compare(runs('slow'), '--markdown', 'comment.md', '--junit', 'junit.xml', '--json');
    expect(slow.code).toBe(99);
    expect(JSON.parse(slow.stdout)).toMatchObject({ verdict: 'WORSE' });
    expect(readFileSync(join(folder, 'comment.md'), 'utf8')).toContain('Load test: worse');
    expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain('<failure ');
  });

  it('exits 98 where there is nothing to compare, and writes that', async () => {
    const few = await compare(runs('slow', [1]), '--junit', 'few.xml');
    expect(few.code).toBe(98);
    expect(few.stdout).toMatch(/NOT COMPARABLE\n {2}5 against 1 runs/);
    expect(readFileSync(join(folder, 'few.xml'), 'utf8')).toContain('<error ');
  });

  it('says what is wrong with what was asked', async () => {
    expect(await compare(runs('slow'), '--metric', 'speed')).toMatchObject({ code: 2 });
    expect((await compare(runs('slow'), '--threshold', '0')).stderr).toMatch(/--threshold takes a share/);
    expect(await compare(['nowhere'])).toMatchObject({ code: 3 });
    expect((await compare(runs('slow'), '--markdown', 'no/such/folder.md')).code).toBe(6);
  });
});
