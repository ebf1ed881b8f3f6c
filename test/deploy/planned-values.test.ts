import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { temporaryFolder } from '../support/fixture-registry.js';
import { CHART, ofKind, problemsOf, render } from '../support/deploy/helm-chart.js';
import { flts } from '../support/run-flts.js';

/** What `flts plan --emit` writes is taken by the chart, and renders what was planned. */

const tools = deployTools('values that a plan writes');
const folder = temporaryFolder();
const USERS = [1, 2, 4, 8, 16, 32];

interface Planned {
  readonly inference: { readonly replicas: number };
  readonly autoscaling: { readonly minReplicas: number; readonly maxReplicas: number };
}

const read = (file: string): Planned => parse(readFileSync(join(folder, file), 'utf8')) as Planned;

beforeAll(async () => {
  if (tools === null) return;
  // X(N) = 500·N / (1 + 0.2·(N − 1)), in two pods of one core.
  const phases = USERS.map((users) => {
    const perS = (500 * users) / (1 + 0.2 * (users - 1));
    const meanMs = (users / perS) * 1e3;
    const server = { replicas: 2, cpu_cores_mean: Math.min(1, perS / 2500), cpu_limit_cores: 1, memory_bytes_max: 4e8 };
    return { name: String(users), users, throughput_per_s: perS, mean_ms: meanMs, p95_ms: 1.5 * meanMs, server };
  });
  const target = { url: 'http://service', server: { workers: 1, processes: 1, limit: 16 } };
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ schema_version: 1, target, phases }));
  const emit = ['values.yaml', 'hpa.yaml', 'keda.yaml'].flatMap((file) => ['--emit', file]);
  const done = await flts(['plan', 'run.json', '--users', '200', '--p95', '20ms', ...emit], folder);
  expect([done.code, done.stderr]).toEqual([0, '']);
});

describe.skipIf(tools === null)('values that a plan writes', () => {
  it.each([
    ['hpa.yaml', 'HorizontalPodAutoscaler', 'ScaledObject'],
    ['keda.yaml', 'ScaledObject', 'HorizontalPodAutoscaler'],
  ])('with %s: lint, schema and every object hold, and one scaler is rendered', async (file, scaler, other) => {
    const files = ['values.yaml', file].flatMap((name) => ['-f', join(folder, name)]);
    const args = ['lint', '--strict', CHART, '--kube-version', '1.31.0', ...files];
    expect(execFileSync(tools!.helm, args, { env: tools!.env, encoding: 'utf8' })).toContain('0 chart(s) failed');
    const values = { ...read('values.yaml'), ...read(file) };
    const rendered = await render(tools!, { values });
    expect(rendered.refusal).toBe('');
    expect(problemsOf(rendered.objects)).toBe('');
    expect(ofKind(rendered, other)).toEqual([]);
    const [one, ...more] = ofKind(rendered, scaler);
    expect(more).toEqual([]);
    const { minReplicas, maxReplicas } = values.autoscaling;
    const bounds = scaler === 'ScaledObject' ? ['minReplicaCount', 'maxReplicaCount'] : ['minReplicas', 'maxReplicas'];
    expect(bounds.map((name) => one?.spec?.[name])).toEqual([minReplicas, maxReplicas]);
  });

  it('without a scaler: as many replicas as were planned', async () => {
    const values = { ...read('values.yaml'), autoscaling: { hpa: { enabled: false }, keda: { enabled: false } } };
    const rendered = await render(tools!, { values });
    expect(rendered.refusal).toBe('');
    const [deployment] = ofKind(rendered, 'Deployment');
    expect(deployment?.spec?.['replicas']).toBe(read('values.yaml').inference.replicas);
  });
});
