import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/contract/index.js';
import { mergeRuns, runLoadTest } from '../../src/loadtest/index.js';
import { readRunBundle } from '../../src/report/index.js';
import { type PredictServer, startPredictServer } from '../support/predict-server.js';

/** Generator processes start from real built files. */
const GENERATOR = new URL('../../dist/loadtest/generator/generator-process.js', import.meta.url);
/** Preparations and the instrument's floor have to be over by then. */
const START_AFTER_MS = 6_000;

let folder: string;
let server: PredictServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flts-shards-'));
  server = await startPredictServer({ delayMs: () => 10 });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const scenario: Scenario = {
  generators: 1,
  phases: [
    { name: 'users', users: 3, think_s: 0.02, duration_s: 1 },
    { name: 'rate', rate: 50, duration_s: 1 },
  ],
  require: ['success>=100%'],
};

const shard = (index: number, startAt: Date, change: Partial<Scenario> = {}) =>
  runLoadTest({
    target: server.url,
    outDir: join(folder, String(index)),
    version: 'test',
    generatorUrl: GENERATOR,
    nullUrl: '/nowhere',
    scenario: { ...scenario, ...change },
    shard: { index, count: 2, startAt },
  });

describe('shards', () => {
  it('drive one load together, and merge to one run', async () => {
    const startAt = new Date(Date.now() + START_AFTER_MS);
    const parts = await Promise.all([shard(0, startAt), shard(1, startAt)]);
    expect(parts.map(({ run }) => run.phases[1]?.open?.due)).toEqual([25, 25]);
    expect(parts.map(({ run }) => run.phases[0]?.generators?.map(({ id, users }) => [id, users]))).toEqual([
      [[0, 2]],
      [[1, 1]],
    ]);
    // Each is held against its own users, and says that it is a part.
    expect(parts.map((part) => part.run.phases[0]?.littles_law)).toMatchObject([
      { expected: expect.closeTo(2, 1) as number, holds: true },
      { expected: expect.closeTo(1, 1) as number, holds: true },
    ]);
    expect(parts[1].run.validity?.warnings[0]).toContain('Shard 2 of 2');
    const { run } = await mergeRuns([join(folder, '1'), join(folder, '0')], join(folder, 'merged'));
    const sum = (i: number) => parts.reduce((total, part) => total + (part.run.phases[i]?.requests ?? 0), 0);
    expect(run.phases.map((phase) => phase.requests)).toEqual([sum(0), sum(1)]);
    expect(run.phases[1]).toMatchObject({ rate: 50, requests: 50, open: { due: 50, achieved_share: 1 } });
    expect(run.phases[0]).toMatchObject({ users: 3, littles_law: { holds: true } });
    expect(run.phases[0]?.min_ms).toBe(Math.min(...parts.map((part) => part.run.phases[0]?.min_ms ?? Infinity)));
    expect(run.phases[0]?.max_ms).toBe(Math.max(...parts.map((part) => part.run.phases[0]?.max_ms ?? 0)));
    expect(run.requirements?.[0]).toMatchObject({ outcome: 'met' });
    expect(run.generators?.processes).toBe(2);
    // No two shards send the same body.
    expect(new Set(server.seen.slice(2).map(({ body }) => body)).size).toBe(server.seen.length - 2);
    const bundle = await readRunBundle(join(folder, 'merged'));
    expect(bundle.gaps).toEqual([]);
    expect(bundle.timeline.reduce((n, { requestsPerS }) => n + requestsPerS, 0)).toBeCloseTo(sum(0) + sum(1), 6);

    await expect(mergeRuns([join(folder, '0')], join(folder, 'x'))).rejects.toMatchObject({
      code: 'FLTS_RUN_BUNDLE',
      message: 'Of 2 shards these are missing: 1.',
    });
    await expect(mergeRuns([join(folder, 'merged')], join(folder, 'x'))).rejects.toThrow('is no shard');
    writeFileSync(join(folder, '1', 'shard.json.gz'), 'cut');
    await expect(mergeRuns([join(folder, '0'), join(folder, '1')], join(folder, 'x'))).rejects.toThrow(
      'cannot be used',
    );
  });

  it('refuse what they could not do in step', async () => {
    const startAt = new Date(Date.now() + START_AFTER_MS);
    await expect(shard(0, startAt, { search: {} })).rejects.toMatchObject({ code: 'FLTS_USAGE' });
    await expect(shard(0, startAt, { phases: [{ name: 'a', users: 1, requests_per_user: 3 }] })).rejects.toMatchObject({
      code: 'FLTS_USAGE',
    });
  });
});
