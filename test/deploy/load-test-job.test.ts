import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../src/contract/index.js';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { ofKind, render } from '../support/deploy/helm-chart.js';
import { expanded, PodProcess } from '../support/deploy/pod-process.js';
import { Replica } from '../support/deploy/replica.js';
import { promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { freePort } from '../support/free-port.js';
import { MAIN } from '../support/run-flts.js';
import { until } from '../support/running-service.js';

/** The chart's load-test jobs: what their containers run is run here, against a real service, and merged or given up. */

const tools = deployTools('the load-test jobs of the chart');
/** Shards have to be prepared by then; on a busy machine that takes a while. */
const START_AFTER_MS = 15_000;
const HOUR_MS = 3_600_000;
const SILENCE_S = 10;
const API_KEY = 'a-key-of-the-load-test';
/** 98 is a busy machine; everything else would be wrong. */
const DONE = [0, 98];

let root: string;
let path: string;
let service: Replica;
let pods: PodProcess[] = [];

beforeEach(async () => {
  if (tools === null) return;
  root = temporaryFolder();
  // The image has `flts` and node on its path.
  const bin = join(root, 'bin');
  mkdirSync(bin);
  symlinkSync(MAIN, join(bin, 'flts'));
  path = [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(':');
  const registry = temporaryFolder();
  await promoteFixture(registry);
  const keys = join(root, 'api-keys');
  writeFileSync(keys, `loadtest ${createHash('sha256').update(API_KEY).digest('hex')}\n`);
  service = new Replica('a', await freePort(), { FLTS_REGISTRY: registry, FLTS_API_KEYS_FILE: keys });
});
afterEach(async () => {
  for (const pod of pods) pod.kill();
  pods = [];
  await service.end('SIGKILL');
});

/** The jobs as rendered; `starts` runs the pod of a shard or, without a number, that of the merge. */
async function jobs(values: { shards: number; startAfterMs: number }) {
  const startAt = `${new Date(Date.now() + values.startAfterMs).toISOString().slice(0, 19)}Z`;
  const loadtest = {
    enabled: true,
    shards: values.shards,
    startAt,
    // Phases of 5 s each.
    scale: 0.01,
    target: service.url,
    apiKeySecret: 'flts-load',
    require: ['success>=99%'],
    silenceSeconds: SILENCE_S,
  };
  const rendered = await render(tools!, { values: { auth: { apiKeysSecret: 'flts-keys' }, loadtest } });
  expect(rendered.refusal).toBe('');
  const [load, merge] = ofKind(rendered, 'Job');
  expect(load?.spec).toMatchObject({ completionMode: 'Indexed', completions: values.shards, backoffLimit: 0 });
  const start = (index?: number): PodProcess => {
    const env: Record<string, string> = index === undefined ? {} : { JOB_COMPLETION_INDEX: String(index) };
    const pod = new PodProcess(index === undefined ? merge! : load!, {
      ...{ root, path, env },
      secrets: { 'flts-load/api-key': API_KEY },
    });
    pods.push(pod);
    return pod;
  };
  return { start, folder: join(root, 'runs', load!.metadata.name) };
}

describe('expansion as Kubernetes does it', () => {
  it('replaces what the environment has, and leaves the rest to the shell', () => {
    expect(expanded('$(A)/$(B) $$(A) $A $((A + 1)) $(date +%s)', { A: 'x' })).toBe(
      'x/$(B) $(A) $A $((A + 1)) $(date +%s)',
    );
  });
});

describe.skipIf(tools === null)('the load-test jobs', () => {
  it('drive one load in two shards, and merge it to one bundle with its report', { timeout: 180_000 }, async () => {
    await service.start();
    const { start, folder } = await jobs({ shards: 2, startAfterMs: START_AFTER_MS });
    const merge = start();
    const shards = [start(0), start(1)];
    for (const shard of shards) expect([await shard.ended(), shard.log]).toEqual([0, shard.log]);
    expect(DONE, merge.log).toContain(await merge.ended());
    const runOf = (name: string) => JSON.parse(readFileSync(join(folder, name, 'run.json'), 'utf8')) as Run;
    const merged = runOf('merged');
    const parts = [runOf('shard-0'), runOf('shard-1')];
    expect(merged.merged_from).toEqual(parts.map((part) => part.run_id));
    expect(merged.phases.map((phase) => [phase.name, phase.users])).toEqual([
      ['warm-up', 5],
      ['10', 10],
      ['50', 50],
      ['100', 100],
    ]);
    merged.phases.forEach((phase, i) => {
      const both = parts.map((part) => part.phases[i]?.requests ?? 0);
      expect(Math.min(...both)).toBeGreaterThan(0);
      expect(phase.requests).toBe(both[0]! + both[1]!);
    });
    expect(merged.requirements).toEqual([expect.objectContaining({ outcome: 'met' })]);
    expect(existsSync(join(folder, 'merged', 'report.html'))).toBe(true);
    // The key went to the service, and to nowhere else.
    expect(JSON.stringify([merged, parts, merge.log, shards.map((shard) => shard.log)])).not.toContain(API_KEY);
  });

  it('give up soon when a shard is killed, and say which one', { timeout: 120_000 }, async () => {
    await service.start();
    const startsAt = Date.now() + START_AFTER_MS;
    const { start, folder } = await jobs({ shards: 2, startAfterMs: START_AFTER_MS });
    const merge = start();
    const [first, second] = [start(0), start(1)];
    await until(() => existsSync(join(folder, 'shard-1.alive')), 'the second shard lives');
    second.kill();
    expect(await merge.ended()).toBe(1);
    expect(merge.log).toContain(`Nothing is merged: shard 1 has not been alive for ${SILENCE_S} s;`);
    expect(merge.log).not.toContain('shard 0');
    // Long before the deadline of the jobs.
    expect(Date.now() - startsAt).toBeLessThan(2 * SILENCE_S * 1000);

    // With one pod failed, the Job ends the others: they keep what they measured, and are no part of a merge.
    first.terminate();
    expect([await first.ended(), first.log]).toEqual([130, first.log]);
    expect(existsSync(join(folder, 'shard-0', 'run.json'))).toBe(true);
    const again = start();
    expect(await again.ended()).toBe(1);
    expect(again.log).toContain('shard 0 ended with exit code 130; shard 1 has not been alive');
  });

  it('drive nothing when the start has passed', { timeout: 60_000 }, async () => {
    await service.start();
    const { start, folder } = await jobs({ shards: 1, startAfterMs: -HOUR_MS });
    const [shard, merge] = [start(0), start()];
    expect(await shard.ended()).toBe(1);
    expect(shard.log).toContain('has passed: nothing is driven');
    expect(await merge.ended()).toBe(1);
    expect(existsSync(join(folder, 'shard-0'))).toBe(false);
  });

  it('have another name when anything of them changes, for a job cannot be changed', async () => {
    const nameWith = async (values: object): Promise<string | undefined> => {
      const loadtest = { enabled: true, startAt: '2030-01-01T12:00:00Z' };
      const [job] = ofKind(await render(tools!, { values: { loadtest, ...values } }), 'Job');
      return job?.metadata.name;
    };
    const name = await nameWith({});
    expect(name).toMatch(/^flts-loadtest-[0-9a-f]{8}$/);
    // Nothing of the jobs: a load test is not ended by an upgrade beside it.
    expect(await nameWith({ inference: { replicas: 5 } })).toBe(name);
    const others = [
      { image: { tag: '9.9.9' } },
      { service: { port: 81 } },
      { loadtest: { enabled: true, startAt: '2030-01-01T12:00:01Z' } },
    ];
    const names = await Promise.all(others.map(nameWith));
    expect(new Set([name, ...names]).size).toBe(1 + others.length);
  });

  it('give up at once when a shard fails before the start', { timeout: 60_000 }, async () => {
    // Nobody listens there, and the start is an hour away.
    const { start } = await jobs({ shards: 1, startAfterMs: HOUR_MS });
    const [shard, merge] = [start(0), start()];
    const code = await shard.ended();
    expect(shard.log).toContain('does not answer');
    expect(code).toBeGreaterThan(0);
    expect(await merge.ended()).toBe(1);
    expect(merge.log).toContain(`Nothing is merged: shard 0 ended with exit code ${code};`);
  });
});
