import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/fixture-registry.js';
import { type PredictServer, startPredictServer } from '../support/predict-server.js';
import { flts } from '../support/run-flts.js';

let server: PredictServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

describe('flts loadtest --init', () => {
  it('writes a scenario that runs as it stands, and names what comes next', async () => {
    const folder = temporaryFolder();
    const written = await flts(['loadtest', '--init', 'mine.yaml'], folder);
    expect([written.code, written.stderr]).toEqual([0, '']);
    expect(written.stdout).toContain('flts loadtest mine.yaml --target');
    server = await startPredictServer({ delayMs: () => 5 });
    const ran = await flts(
      ['loadtest', 'mine.yaml', '--target', server.url, '--scale', '0.02', '--out', 'run', '--json'],
      folder,
    );
    // 98: phases that are this short may be too short to be judged; the run is whole all the same.
    expect([0, 98]).toContain(ran.code);
    const run = JSON.parse(readFileSync(join(folder, 'run', 'run.json'), 'utf8')) as {
      phases: { name: string; requests: number; failed: number }[];
    };
    expect(run.phases.map(({ name }) => name)).toEqual(expect.arrayContaining(['steady', 'rate']));
    expect(run.phases.every(({ requests, failed }) => requests > 0 && failed === 0)).toBe(true);
  });

  it('leaves a file that is there as it is', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'mine.yaml'), 'work: of hours\n');
    const refused = await flts(['loadtest', '--init', 'mine.yaml'], folder);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('mine.yaml is there already');
    expect(readFileSync(join(folder, 'mine.yaml'), 'utf8')).toBe('work: of hours\n');
  });
});
