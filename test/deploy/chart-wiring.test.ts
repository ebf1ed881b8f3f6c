import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { envNamesOf, SETTING_NAMES } from '../../src/contract/index.js';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { temporaryFolder } from '../support/fixture-registry.js';
import { CHART, type KubeObject, ofKind, render, type Rendered } from '../support/deploy/helm-chart.js';

/** The objects of the chart find one another, and what they may do is as little as they need. */

const tools = deployTools('how the objects of the chart fit together');
const ON = { enabled: true };
const EVERYTHING = {
  ingress: ON,
  networkPolicy: ON,
  monitoring: { serviceMonitor: ON, rules: ON, dashboards: ON },
  loadtest: { ...ON, startAt: '2030-01-01T12:00:00Z', apiKeySecret: 'load-key' },
  auth: { apiKeysSecret: 'keys', adminTokenSecret: 'admin' },
};

type Labels = Readonly<Record<string, string>>;
interface Pod {
  readonly automountServiceAccountToken: boolean;
  readonly serviceAccountName: string;
  readonly securityContext: object;
  readonly containers: readonly {
    readonly securityContext: object;
    readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly { readonly name: string }[];
}
interface PodTemplate {
  readonly metadata: { readonly labels: Labels };
  readonly spec: Pod;
}

const templateOf = (object: KubeObject): PodTemplate => object.spec?.['template'] as PodTemplate;
const selects = (selector: Labels, labels: Labels = {}): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);

async function rendered(values: object, file?: string): Promise<Rendered> {
  const result = await render(tools!, { values, ...(file === undefined ? {} : { file }) });
  expect(result.refusal).toBe('');
  return result;
}

describe.skipIf(tools === null)('the wiring of the chart', () => {
  it('service, budget, policy and deployment select the serving pods, and never those of a load test', async () => {
    const one = await rendered(EVERYTHING);
    const serving = templateOf(ofKind(one, 'Deployment')[0]!).metadata.labels;
    const loading = ofKind(one, 'Job').map((job) => templateOf(job).metadata.labels);
    expect(loading.length).toBe(2);
    const selectorOf = (kind: string, read: (spec: Record<string, unknown>) => unknown): Labels => {
      const selector = read(ofKind(one, kind)[0]!.spec!) as Labels;
      expect(Object.keys(selector).length).toBeGreaterThan(1);
      return selector;
    };
    const labelsIn = (selector: unknown): unknown => (selector as { matchLabels: Labels }).matchLabels;
    for (const selector of [
      selectorOf('Service', (spec) => spec['selector']),
      selectorOf('Deployment', (spec) => labelsIn(spec['selector'])),
      selectorOf('PodDisruptionBudget', (spec) => labelsIn(spec['selector'])),
      selectorOf('NetworkPolicy', (spec) => labelsIn(spec['podSelector'])),
    ]) {
      expect([selects(selector, serving), ...loading.map((labels) => selects(selector, labels))]).toEqual([
        true,
        false,
        false,
      ]);
    }
    const scraped = selectorOf('ServiceMonitor', (spec) => labelsIn(spec['selector']));
    expect(selects(scraped, ofKind(one, 'Service')[0]!.metadata.labels)).toBe(true);
  });

  it.each([
    ['values-prod.yaml', 'HorizontalPodAutoscaler'],
    ['values-keda.yaml', 'ScaledObject'],
  ])('the scaler of %s scales the deployment', async (file, kind) => {
    const one = await rendered({}, file);
    const { name } = ofKind(one, 'Deployment')[0]!.metadata;
    expect(ofKind(one, kind)[0]?.spec?.['scaleTargetRef']).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name });
  });

  it('pods have no token, no rights, no writable root, and all that they mount is a volume of theirs', async () => {
    const one = await rendered(EVERYTHING);
    const [account] = ofKind(one, 'ServiceAccount') as (KubeObject & { automountServiceAccountToken?: boolean })[];
    expect(account?.automountServiceAccountToken).toBe(false);
    for (const object of [...ofKind(one, 'Deployment'), ...ofKind(one, 'Job')]) {
      const pod = templateOf(object).spec;
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        serviceAccountName: account?.metadata.name,
        securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      });
      const volumes = pod.volumes.map(({ name }) => name);
      for (const { securityContext, volumeMounts } of pod.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(volumeMounts.map(({ name }) => name).sort()).toEqual([...volumes].sort());
      }
    }
  });

  it('secrets are only referred to', async () => {
    for (const one of [await rendered(EVERYTHING), await rendered(EVERYTHING, 'values-prod.yaml')]) {
      expect(ofKind(one, 'Secret')).toEqual([]);
      const env = [...ofKind(one, 'Deployment'), ...ofKind(one, 'Job')].flatMap((object) =>
        templateOf(object).spec.containers.flatMap((container) => container.env),
      );
      const secret = env.filter(({ name }) => /(TOKEN|SECRET|PASSWORD|_KEY|_KEY_ID)$/.test(name));
      expect(secret.length).toBeGreaterThan(1);
      for (const { name, value, valueFrom } of secret) {
        expect([name, value, valueFrom]).toEqual([name, undefined, { secretKeyRef: expect.anything() as object }]);
      }
    }
  });

  it('the ingress shows what clients need, and neither metrics nor admin nor the repository’s routes', async () => {
    const [ingress] = ofKind(await rendered(EVERYTHING), 'Ingress');
    const { rules } = ingress?.spec as unknown as { rules: { http: { paths: { path: string }[] } }[] };
    expect(rules.flatMap(({ http }) => http.paths.map(({ path }) => path))).toEqual(['/predict', '/ready', '/healthz']);
  });

  it('alerts and dashboards arrive as they are in the files', async () => {
    const one = await rendered(EVERYTHING);
    expect(ofKind(one, 'PrometheusRule')[0]?.spec).toEqual(
      parse(readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8')),
    );
    const folder = join(CHART, 'files/dashboards');
    const maps = ofKind(one, 'ConfigMap') as (KubeObject & { data: Record<string, string> })[];
    const arrived = Object.assign({}, ...maps.map(({ data }) => data)) as Record<string, string>;
    expect(Object.keys(arrived).sort()).toEqual(readdirSync(folder).sort());
    for (const [file, text] of Object.entries(arrived)) {
      expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    }
    for (const { metadata } of maps) expect(metadata.labels).toMatchObject({ grafana_dashboard: '1' });
  });

  it('pods on a volume of one node are kept on that node, and others are spread', async () => {
    const affinityOf = async (values: object): Promise<unknown> => {
      const [deployment] = ofKind(await rendered(values), 'Deployment');
      return (templateOf(deployment!).spec as Pod & { affinity?: unknown }).affinity;
    };
    const own = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } };
    const persistence = (more: object): object => ({ registry: { persistence: more } });
    const labels = templateOf(ofKind(await rendered({}), 'Deployment')[0]!).metadata.labels;
    expect(await affinityOf({ inference: { affinity: own } })).toEqual({
      ...own,
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: labels } },
        ],
      },
    });
    expect(await affinityOf(persistence({ accessMode: 'ReadWriteMany' }))).toBeUndefined();
    expect(await affinityOf(persistence({ existingClaim: 'shared' }))).toBeUndefined();
  });

  it.each([
    ['dir:/models', true, {}],
    ['s3://models/lte', false, {}],
    ['mlflow:models:/lte@champion', false, { MLFLOW_TRACKING_URI: 'http://mlflow:5000' }],
  ])('models from %s have a writable place of their own', async (uri, isVolume, env) => {
    const values = { registry: { uri, persistence: { enabled: isVolume } }, inference: { env } };
    const one = await rendered(values);
    const { containers, volumes } = templateOf(ofKind(one, 'Deployment')[0]!).spec;
    const [container] = containers;
    expect(container?.volumeMounts).toContainEqual({ name: 'models', mountPath: '/models' });
    const kind = isVolume ? 'persistentVolumeClaim' : 'emptyDir';
    expect(volumes.find(({ name }) => name === 'models')).toHaveProperty(kind);
    const cache = container?.env.find(({ name }) => name === 'FLTS_MODEL_CACHE_FOLDER')?.value;
    expect(cache).toBe(isVolume ? undefined : '/models');
    expect(ofKind(one, 'PersistentVolumeClaim').length).toBe(isVolume ? 1 : 0);
  });
});

describe.skipIf(tools === null)('the notes after an installation', () => {
  it('name the deployment, the service and the job that there are', () => {
    // helm shows its notes only to a cluster: a copy of the chart has a manifest of them.
    const chart = join(temporaryFolder(), 'flts');
    cpSync(CHART, chart, { recursive: true });
    const manifest = `notes: |-\n  {{- include (print $.Template.BasePath "/NOTES.txt") . | nindent 2 }}\n`;
    writeFileSync(join(chart, 'templates/shown.yaml'), manifest);
    const values = join(chart, 'on.yaml');
    writeFileSync(values, JSON.stringify({ ...EVERYTHING, service: { port: 81 } }));
    const args = ['template', 'green', chart, '-n', 'prod', '--kube-version', '1.31.0', '-f', values];
    const all = execFileSync(tools!.helm, args, { env: tools!.env, encoding: 'utf8' });
    const objects = parseAllDocuments(all).map((document) => document.toJS() as KubeObject & { notes?: string });
    const notes = objects.find((object) => object.notes !== undefined)?.notes ?? '';
    const named = [...notes.matchAll(/(deployment|job)\/(\S+)/g)].map(([, kind, name]) => `${kind}/${name}`);
    expect(named.length).toBe(2);
    const there = objects
      .filter((one) => 'kind' in one)
      .map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
    expect(named.filter((one) => !there.includes(one))).toEqual([]);
    expect(notes).toContain('http://green.prod:81/predict');
    expect(there).toContain('service/green');
  });
});

describe('the example for KServe', () => {
  const text = readFileSync('deploy/kserve/serving-runtime.yaml', 'utf8');

  it('says that it is unverified, and names what the service and its image have', () => {
    expect(text.split('\n')[0]).toContain('unverified');
    const { spec } = parse(text) as {
      spec: {
        containers: [
          { image: string; env: { name: string }[]; ports: [object]; readinessProbe: { httpGet: { path: string } } },
        ];
      };
    };
    const [container] = spec.containers;
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(container.image).toBe(`flts:${version}`);
    const known = new Set(SETTING_NAMES.flatMap(envNamesOf));
    expect(container.env.filter(({ name }) => !known.has(name))).toEqual([]);
    expect(container.ports[0]).toMatchObject({ containerPort: 8000 });
    expect(container.readinessProbe.httpGet.path).toBe('/ready');
  });
});
