import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { envNamesOf, SETTINGS, type SettingName } from '../../src/contract/index.js';
import { flts } from '../support/run-flts.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flts-plan-'));
  // X(N) = 500·N / (1 + 0.2·(N − 1)), p95 at 1.5 times the mean.
  const phases = [1, 2, 4, 8, 16, 32].map((users) => {
    const perS = (500 * users) / (1 + 0.2 * (users - 1));
    return {
      name: String(users),
      users,
      throughput_per_s: perS,
      mean_ms: (users / perS) * 1e3,
      p95_ms: (users / perS) * 1.5e3,
    };
  });
  const target = { url: 'http://x', server: { workers: 1, processes: 1, limit: 16 } };
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ schema_version: 1, target, phases }));
  writeFileSync(join(folder, 'few.json'), JSON.stringify({ schema_version: 1, phases: phases.slice(0, 4) }));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Dotted paths of every value. */
function pathsOf(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null || at === 'inference.env') return [at];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, at === '' ? key : `${at}.${key}`));
}

describe('flts plan', () => {
  it('plans from a run.json alone and writes files that the chart and the service know', async () => {
    const files = ['values.yaml', 'hpa.yaml', 'keda.yaml', 'flts.env'];
    const done = await flts(
      ['plan', 'run.json', '--users', '200', '--p95', '12ms', ...files.flatMap((file) => ['--emit', file])],
      folder,
    );
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(done.stdout).toMatch(/held out {2}levels 4 and 8 predicted from the others: throughput off by 0\.0 %/);
    const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
    const chart = new Set(pathsOf(parse(readFileSync('deploy/helm/flts/values.yaml', 'utf8'))));
    for (const file of files.slice(0, 3)) {
      for (const path of pathsOf(parse(read(file)))) expect(chart, `${file}: ${path}`).toContain(path);
    }
    const environment = new Set((Object.keys(SETTINGS) as SettingName[]).flatMap(envNamesOf));
    const emitted = parse(read('values.yaml')) as { inference: { env: Record<string, string> } };
    const names = [...read('flts.env').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(2);
    for (const name of [...names, ...Object.keys(emitted.inference.env)]) expect(environment).toContain(name);
    expect(emitted).toMatchObject({ inference: { replicas: expect.any(Number) as number, workers: 1, processes: 1 } });
  });

  it('prints JSON, and exits 5 where the model does not carry a plan', async () => {
    const done = await flts(['plan', 'run.json', '--rate', '1000', '--json'], folder);
    expect(JSON.parse(done.stdout)).toMatchObject({
      plan: { replicas: expect.any(Number) as number, rate_from: 'model' },
    });
    const refused = await flts(['plan', 'few.json', '--users', '10', '--emit', 'none.env'], folder);
    expect(refused.code).toBe(5);
    expect(refused.stdout).toMatch(/4 different numbers of users were measured/);
    expect(() => readFileSync(join(folder, 'none.env'))).toThrow();
  });

  it.each([
    [['plan', 'run.json'], 2, /Say what is wanted/],
    [['plan', 'run.json', '--users', '1.5'], 2, /whole number/],
    [['plan', 'run.json', '--users', '10', '--p95', 'soon'], 2, /--p95 takes/],
    [['plan', 'run.json', '--users', '10', '--cpu-speedup', '2-1'], 2, /range such as/],
    [['plan', 'run.json', '--users', '10', '--emit', 'deployment.yaml'], 2, /--emit knows files/],
    [['plan', 'nowhere', '--users', '10'], 3, /cannot be read/],
  ] as const)('says what is wrong with %j', async (args, code, text) => {
    const done = await flts(args, folder);
    expect(done.code).toBe(code);
    expect(done.stderr).toMatch(text);
  });
});
