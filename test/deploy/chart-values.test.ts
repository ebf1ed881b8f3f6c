import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { preset, PRESET_ABOUT } from '../../src/loadtest/scenario/presets.js';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { CHART, render, type Rendered } from '../support/deploy/helm-chart.js';

/** Values of the chart: each is used by a template, contradictions are refused with a sentence. */

const tools = deployTools('values of the chart');

type Tree = { readonly [key: string]: unknown };
type Path = readonly string[];

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;

function leavesOf(tree: Tree, path: Path = []): { path: Path; value: unknown }[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    isTree(value) ? leavesOf(value, [...path, key]) : [{ path: [...path, key], value }],
  );
}

/** `{a: {b: value}}` for the path a, b. */
function treeOf(path: Path, value: unknown): Tree {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree;
}

function overlay(base: Tree, top: Tree): Tree {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(top)) {
    const below = merged[key];
    merged[key] = isTree(below) && isTree(value) ? overlay(below, value) : value;
  }
  return merged;
}

/** Another value that is legal where a changed one by rule is not. */
const OTHER: Readonly<Record<string, unknown>> = {
  'image.pullPolicy': 'Always',
  'image.pullSecrets': ['pull'],
  'inference.device': 'cuda',
  'inference.workers': 1,
  'inference.processes': 'auto',
  'inference.env': { FLTS_LOG_LEVEL: 'warn' },
  'inference.secretEnv': { FLTS_LOG_LEVEL: { secret: 's', key: 'k' } },
  'inference.nodeSelector': { disk: 'fast' },
  'inference.tolerations': [{ key: 'a', operator: 'Exists' }],
  'inference.affinity': { nodeAffinity: {} },
  'inference.podLabels': { team: 'a' },
  'inference.podAnnotations': { note: 'a' },
  'inference.topologySpread.whenUnsatisfiable': 'DoNotSchedule',
  'inference.topologySpread.keys': ['zone'],
  'registry.uri': 'dir:/models/sub',
  'registry.persistence.enabled': undefined,
  'registry.persistence.accessMode': 'ReadWriteMany',
  'service.type': 'NodePort',
  'service.annotations': { note: 'a' },
  'networkPolicy.ingressFrom': [{ podSelector: {} }],
  'networkPolicy.egressTo': [{ to: [{ podSelector: {} }] }],
  'serviceAccount.annotations': { note: 'a' },
  'monitoring.serviceMonitor.labels': { release: 'a' },
  'monitoring.rules.labels': { release: 'a' },
  'loadtest.scenario': 'overload',
  'loadtest.target': 'http://elsewhere:80',
  'loadtest.startAt': '2031-01-01T12:00:00Z',
  'loadtest.require': ['p95<1s'],
  'loadtest.nodeSelector': { pool: 'load' },
  'loadtest.tolerations': [{ key: 'a', operator: 'Exists' }],
};
const POLICY = [{ type: 'Percent', value: 50, periodSeconds: 15 }];

function changed(path: Path, value: unknown): unknown {
  const name = path.join('.');
  if (name in OTHER) return OTHER[name];
  if (name.endsWith('.policies')) return POLICY;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return name.endsWith('Replicas') ? value + 1 : value === 0 ? 1 : value + 1;
  if (typeof value !== 'string') throw new Error(`${name}: no rule to change ${JSON.stringify(value)}`);
  if (/\.requests\.cpu$/.test(name)) return '400m';
  if (/\.limits\.cpu$/.test(name)) return '3';
  if (/\.requests\.memory$/.test(name)) return '900Mi';
  if (/\.limits\.memory$/.test(name)) return '3Gi';
  if (/\.(size|cacheSize)$/.test(name)) return '7Gi';
  return `${value}x`;
}

/** What was rendered, but for the names of jobs: every value of the load test is in these. */
const manifests = ({ text }: Rendered): string => text.replaceAll(/(?<=-loadtest-)[0-9a-f]{8}/g, '');

const ON = { enabled: true };
const START = '2030-01-01T12:00:00Z';
/** What has to be on for a value to matter: everything with either scaler, without one, with a GPU, without a volume. */
const EVERYTHING: Tree = {
  ingress: ON,
  networkPolicy: ON,
  monitoring: { serviceMonitor: ON, rules: ON, dashboards: ON },
  loadtest: { ...ON, capacity: 100, startAt: START },
};
const CONTEXTS: readonly Tree[] = [
  overlay(EVERYTHING, { autoscaling: { hpa: ON } }),
  overlay(EVERYTHING, { autoscaling: { keda: ON } }),
  { loadtest: { startAt: START } },
  { inference: { resources: { limits: { 'nvidia.com/gpu': 1 } } } },
  { registry: { uri: 's3://models/flts' } },
  { registry: { uri: 's3://models/flts', persistence: { enabled: false } } },
];
/** Contexts that are contradictory until the value in question is changed. */
const isRefusedByItself = (context: Tree): boolean => context === CONTEXTS[3] || context === CONTEXTS[4];

describe.skipIf(tools === null)('values of the chart', () => {
  const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Tree;
  const leaves = leavesOf(values);

  it('are all used by a template', { timeout: 180_000 }, async () => {
    const bases = await Promise.all(CONTEXTS.map((context) => render(tools!, { values: context })));
    expect(bases.map((base) => base.refusal === '')).toEqual(CONTEXTS.map((one) => !isRefusedByItself(one)));
    const changes = async ({ path, value }: (typeof leaves)[number]): Promise<string | null> => {
      const isPersistence = path.join('.') === 'registry.persistence.enabled';
      const top = treeOf(path, isPersistence ? false : changed(path, value));
      let refusal = '';
      for (const [i, context] of CONTEXTS.entries()) {
        const result = await render(tools!, { values: overlay(context, top) });
        if (result.refusal === '' && manifests(result) !== manifests(bases[i]!)) return null;
        refusal = result.refusal || refusal;
      }
      return `${path.join('.')}: ${refusal || 'changes nothing'}`;
    };
    const unused: (string | null)[] = [];
    // A few at a time: each is a process.
    for (let i = 0; i < leaves.length; i += 4) unused.push(...(await Promise.all(leaves.slice(i, i + 4).map(changes))));
    expect(unused.filter((one) => one !== null)).toEqual([]);
    expect(leaves.length).toBeGreaterThan(90);
  });

  it.each([
    [
      { autoscaling: { hpa: ON, keda: ON } },
      'autoscaling.hpa and autoscaling.keda are both on: they would fight over the replicas, turn one off.',
    ],
    [{ autoscaling: { minReplicas: 11 } }, 'autoscaling.minReplicas 11 is above autoscaling.maxReplicas 10.'],
    [
      { autoscaling: { keda: { enabled: true, fallbackReplicas: 1 } } },
      'autoscaling.keda.fallbackReplicas 1 is not between minReplicas 2 and maxReplicas 10.',
    ],
    [
      { inference: { resources: { limits: { cpu: '250m' } } } },
      'inference.resources: the CPU limit 250m is below the request 500m.',
    ],
    [
      { inference: { resources: { limits: { cpu: 0.25 } } } },
      'inference.resources: the CPU limit 0.25 is below the request 500m.',
    ],
    [
      { inference: { resources: { limits: { memory: '1000M' } } } },
      'inference.resources: the memory limit 1000M is below the request 1Gi.',
    ],
    [
      { loadtest: { resources: { limits: { cpu: '0.5' } } } },
      'loadtest.resources: the CPU limit 0.5 is below the request 1000m.',
    ],
    [
      { inference: { workers: 2 } },
      'inference.workers 2 x inference.processes 1 are more threads than the CPU limit 1000m: they would be throttled.',
    ],
    [
      { inference: { workers: 2, processes: 2, resources: { limits: { cpu: 3 } } } },
      'inference.workers 2 x inference.processes 2 are more threads than the CPU limit 3: they would be throttled.',
    ],
    [
      { inference: { device: 'cuda' } },
      'inference.device is cuda but inference.resources.limits has no nvidia.com/gpu.',
    ],
    [
      { inference: { resources: { limits: { 'nvidia.com/gpu': 1 } } } },
      'inference.resources.limits asks for nvidia.com/gpu but inference.device is not cuda: the GPU would idle.',
    ],
    [
      { inference: { rollout: { maxSurge: 0, maxUnavailable: '0%' } } },
      'inference.rollout: maxSurge and maxUnavailable are both 0, so no pod could ever be replaced.',
    ],
    [
      { inference: { env: { FLTS_REGISTRY: '/x' } } },
      'inference.env: FLTS_REGISTRY is set by the chart (from registry.uri), leave it out.',
    ],
    [
      { inference: { env: { FLTS_LOG_LEVEL: 'info' }, secretEnv: { FLTS_LOG_LEVEL: { secret: 's', key: 'k' } } } },
      'FLTS_LOG_LEVEL is both in inference.env and in inference.secretEnv.',
    ],
    [
      { registry: { uri: 'dir:/elsewhere' } },
      'registry.uri dir:/elsewhere is a folder outside the volume: use dir:/models with registry.persistence.enabled.',
    ],
    [
      { registry: { persistence: { enabled: false } } },
      'registry.uri dir:/models is a folder outside the volume: use dir:/models with registry.persistence.enabled.',
    ],
    [
      { registry: { uri: 's3://models/flts' } },
      'registry.uri s3://models/flts is no folder, so registry.persistence would mount a volume that nothing reads: turn it off.',
    ],
    [
      { registry: { uri: 'mlflow:models:/lte@champion', persistence: { enabled: false } } },
      "registry.uri mlflow:models:/lte@champion needs MLflow's address: give MLFLOW_TRACKING_URI in inference.env.",
    ],
    [
      { inference: { env: { FLTS_MODEL_CACHE_FOLDER: '/x' } } },
      "inference.env: FLTS_MODEL_CACHE_FOLDER is set by the chart (from the chart's own wiring), leave it out.",
    ],
    [
      { loadtest: { ...ON, scenario: 'smoke' } },
      'loadtest.scenario smoke has no fixed length, so it cannot be spread over shards: take one of overload, production, progressive.',
    ],
    [
      { loadtest: { ...ON, scenario: 'production' } },
      'loadtest.scenario production refers to the capacity, which shards cannot measure: give loadtest.capacity.',
    ],
    [{ loadtest: { ...ON, scale: 0 } }, 'loadtest.scale must be above 0.'],
    [{ loadtest: ON }, 'loadtest.startAt is empty: say when all shards start, such as 2030-01-01T12:00:00Z.'],
    [
      { inference: { topologySpread: { whenUnsatisfiable: 'DoNotSchedule' } } },
      'inference.topologySpread wants pods on different nodes, registry.persistence.accessMode ReadWriteOnce on one: use ReadWriteMany.',
    ],
    [
      { loadtest: { ...ON, startAt: '2030-02-30T12:00:00Z' } },
      'loadtest.startAt 2030-02-30T12:00:00Z is no moment that there is.',
    ],
    [
      { auth: { apiKeysSecret: 'keys' }, loadtest: { ...ON, startAt: START } },
      'loadtest.apiKeySecret is empty but auth.apiKeysSecret is not: the service would refuse every request.',
    ],
  ])('%j is refused', async (values, sentence) => {
    const { refusal } = await render(tools!, { values });
    expect(refusal.replace(/^Error: execution error at \([^)]*\): /, '')).toBe(sentence);
  });

  it.each([
    [{ inference: { wrokers: 1 } }, "at '/inference': additional properties 'wrokers' not allowed"],
    [{ inference: { workers: 0 } }, "at '/inference/workers'"],
    [{ inference: { resources: { limits: { cpu: '1e3' } } } }, "at '/inference/resources/limits/cpu'"],
    [{ inference: { env: { 'bad name': '1' } } }, "'bad name'"],
    [{ service: { port: 70_000 } }, "at '/service/port'"],
    [{ loadtest: { scale: '1; rm -rf /' } }, "at '/loadtest/scale'"],
    [{ loadtest: { scenario: 'smoke; rm -rf /' } }, "at '/loadtest/scenario'"],
    [{ loadtest: { require: ["p95<1s' ; true '"] } }, "at '/loadtest/require/0'"],
    [{ registry: { uri: 'ftp://models' } }, "at '/registry/uri'"],
    [{ fullnameOverride: 'Upper_Case' }, "at '/fullnameOverride'"],
    [{ monitoring: { scrapeIntervalSeconds: 300 } }, "at '/monitoring/scrapeIntervalSeconds'"],
  ])('%j is not of the schema', async (values, message) => {
    const { refusal } = await render(tools!, { values });
    expect(refusal).toContain("values don't meet the specifications of the schema");
    expect(refusal).toContain(message);
  });

  it.each(Object.keys(PRESET_ABOUT))('know the preset %s, and how long it takes', async (scenario) => {
    const { phases = [], search } = preset(scenario) ?? {};
    const scale = 10;
    const seconds = phases.reduce((total, phase) => total + scale * (phase.duration_s ?? Number.NaN), 0);
    const loadtest = { ...ON, scenario, scale, startAt: START, capacity: '12.5', activeDeadlineSeconds: 60 };
    const { refusal } = await render(tools!, { values: { loadtest } });
    const why =
      search !== undefined || Number.isNaN(seconds)
        ? `loadtest.scenario ${scenario} has no fixed length`
        : `loadtest.activeDeadlineSeconds 60 would end the jobs before the scenario ${scenario}, which takes ${seconds} s.`;
    expect(refusal).toContain(why);
  });
});
