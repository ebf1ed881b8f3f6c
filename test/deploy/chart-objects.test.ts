import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { envNamesOf, SETTING_NAMES } from '../../src/contract/index.js';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import {
  CHART,
  type KubeObject,
  ofKind,
  problemsOf,
  render,
  type Rendered,
  VALUES_FILES,
} from '../support/deploy/helm-chart.js';
import { exportedNames, readQuery, secondsOf } from '../support/deploy/promql.js';
import { serve } from '../support/running-service.js';

/** What the chart renders is legal Kubernetes, and fits the service that it deploys. */

const tools = deployTools('objects of the chart');
const ON = { enabled: true };
const EXTRAS = {
  ingress: { ...ON, tlsSecret: 'tls' },
  networkPolicy: { ...ON, ingressFrom: [{ namespaceSelector: {} }], egressTo: [{ to: [{ podSelector: {} }] }] },
  monitoring: { serviceMonitor: ON, rules: ON, dashboards: ON },
  loadtest: { ...ON, startAt: '2030-01-01T12:00:00Z', apiKeySecret: 'key', require: ['p95<1s'] },
};

interface Container {
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } };
}

function containersOf(object: KubeObject): readonly Container[] {
  const template = object.spec?.['template'] as { spec: { containers: Container[] } };
  return template.spec.containers;
}

const everySet = (): Promise<[string, Rendered][]> =>
  Promise.all(
    VALUES_FILES.flatMap((file) => [
      render(tools!, { file }).then((one): [string, Rendered] => [file, one]),
      render(tools!, { file, values: EXTRAS }).then((one): [string, Rendered] => [`${file} with all extras`, one]),
    ]),
  );

describe.skipIf(tools === null)('objects of the chart', () => {
  it.each(VALUES_FILES)('helm lint: %s', (file) => {
    const args = ['lint', '--strict', CHART, '--kube-version', '1.31.0', '-f', join(CHART, file)];
    expect(execFileSync(tools!.helm, args, { env: tools!.env, encoding: 'utf8' })).toContain('0 chart(s) failed');
  });

  it('are all legal: every object of every set of values', { timeout: 120_000 }, async () => {
    const sets = await everySet();
    expect(sets.filter(([, one]) => one.refusal !== '')).toEqual([]);
    const objects = sets.flatMap(([, one]) => one.objects);
    expect(objects.length).toBeGreaterThan(100);
    expect(problemsOf(objects)).toBe('');
    const [deployment] = ofKind(sets[0]![1], 'Deployment');
    const broken = { ...deployment!, spec: { ...deployment!.spec, replcas: 2, minReadySeconds: 'soon' } };
    expect(problemsOf([broken, { ...deployment!, kind: 'Deploymint' }])).toMatch(
      /replcas|minReadySeconds[^]*knows no such kind/,
    );
  });

  it('names fit Kubernetes whatever the release is called', async () => {
    const release = 'a-release-name-that-is-as-long-as-helm-allows-it-now';
    const rendered = await render(tools!, { release, values: EXTRAS });
    expect(rendered.refusal).toBe('');
    for (const { metadata } of rendered.objects) expect(metadata.name).toMatch(/^[a-z0-9-]{1,63}$/);
  });

  it('at most one scaler each, and no fixed number of replicas beside it', async () => {
    const scalers = (one: Rendered): string[] =>
      one.objects.map((object) => object.kind).filter((kind) => /^(HorizontalPodAutoscaler|ScaledObject)$/.test(kind));
    const found = new Map((await everySet()).map(([name, one]) => [name, scalers(one)]));
    expect(found.get('values-prod.yaml')).toEqual(['HorizontalPodAutoscaler']);
    expect(found.get('values-keda.yaml')).toEqual(['ScaledObject']);
    for (const [name, one] of await everySet()) {
      const [deployment] = ofKind(one, 'Deployment');
      expect([name, deployment?.spec?.['replicas'] === undefined]).toEqual([name, scalers(one).length === 1]);
    }
  });

  it('the seed’s sizes are as it had them', async () => {
    const complete = await render(tools!, { file: 'values-complete.yaml' });
    const [container] = containersOf(ofKind(complete, 'Deployment')[0]!);
    expect(container).toMatchObject({
      resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1000m', memory: '2Gi' } },
    });
    expect(container?.env).toContainEqual({ name: 'PREDICT_MAX_CONCURRENCY', value: '16' });
    expect(ofKind(complete, 'Deployment')[0]?.spec?.['replicas']).toBe(2);
    expect(ofKind(complete, 'Service')[0]?.spec).toMatchObject({
      type: 'LoadBalancer',
      ports: [{ port: 80, targetPort: 'http' }],
    });
    const prod = await render(tools!, { file: 'values-prod.yaml' });
    expect(ofKind(prod, 'HorizontalPodAutoscaler')[0]?.spec).toMatchObject({
      minReplicas: 3,
      maxReplicas: 20,
      metrics: [{ resource: { name: 'cpu', target: { averageUtilization: 70 } } }],
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 60, policies: [{ type: 'Pods', value: 2, periodSeconds: 30 }] },
      },
    });
  });

  it('environment: only settings that the service reads', async () => {
    // Amazon's own chain reads the keys.
    const known = new Set([...SETTING_NAMES.flatMap(envNamesOf), 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
    for (const [name, one] of await everySet()) {
      const [container] = containersOf(ofKind(one, 'Deployment')[0]!);
      expect([name, container!.env.map((env) => env.name).filter((env) => !known.has(env))]).toEqual([name, []]);
    }
  });

  it('probes, scrapes and ingress: only routes that the service has', async () => {
    const registry = temporaryFolder();
    await promoteFixture(registry);
    const service = await serve(registry);
    try {
      const one = await render(tools!, { values: EXTRAS });
      const [container] = containersOf(ofKind(one, 'Deployment')[0]!);
      const port = container?.ports?.find(({ name }) => name === 'http')?.containerPort;
      expect(container?.env).toContainEqual({ name: 'FLTS_PORT', value: String(port) });
      const probed = (['startup', 'liveness', 'readiness'] as const).map((name) => container![`${name}Probe`]!.httpGet);
      expect(new Set(probed.map((probe) => probe.port))).toEqual(new Set(['http']));
      const monitor = ofKind(one, 'ServiceMonitor')[0]?.spec as { endpoints: { path: string }[] };
      const paths = [...probed.map((probe) => probe.path), ...monitor.endpoints.map((endpoint) => endpoint.path)];
      for (const path of paths) expect([path, (await fetch(service.url + path)).status]).toEqual([path, 200]);
      const ingress = ofKind(one, 'Ingress')[0]?.spec as { rules: { http: { paths: { path: string }[] } }[] };
      for (const { path } of ingress.rules[0]!.http.paths) {
        // /predict is there for another method only.
        expect([path, (await fetch(service.url + path)).status]).toEqual([path, path === '/predict' ? 405 : 200]);
      }
    } finally {
      await service.stop();
    }
  });

  it('the grace of a pod holds its whole end', async () => {
    for (const file of VALUES_FILES) {
      const [deployment] = ofKind(await render(tools!, { file }), 'Deployment');
      const pod = (deployment?.spec?.['template'] as { spec: Record<string, unknown> }).spec;
      const [container] = containersOf(deployment!);
      const value = (name: string): number => Number(container!.env.find((env) => env.name === name)?.value);
      const { lifecycle } = container as unknown as { lifecycle: { preStop: { exec: { command: string[] } } } };
      const preStopS = Number(lifecycle.preStop.exec.command[1]);
      const endS = preStopS + (value('FLTS_DRAIN_NOTICE_MS') + value('FLTS_DRAIN_GRACE_MS')) / 1000;
      expect(pod['terminationGracePeriodSeconds']).toBeGreaterThan(endS);
      // While a pod gives notice, the readiness probe must find out.
      const probe = container!['readinessProbe'] as unknown as { periodSeconds: number; failureThreshold: number };
      if (file !== 'values-dev.yaml') {
        expect(preStopS + value('FLTS_DRAIN_NOTICE_MS') / 1000).toBeGreaterThan(
          probe.periodSeconds * probe.failureThreshold,
        );
      }
    }
  });

  it('the KEDA queries use what the service exports, over four scrapes, and know no data from zero', async () => {
    const one = await render(tools!, {
      file: 'values-keda.yaml',
      values: { monitoring: { scrapeIntervalSeconds: 20 } },
    });
    const spec = ofKind(one, 'ScaledObject')[0]?.spec as {
      fallback: object;
      triggers: { metricType: string; metadata: { query: string; ignoreNullValues: string } }[];
    };
    expect(spec.fallback).toEqual({ failureThreshold: 3, replicas: 4 });
    expect(spec.triggers.length).toBe(2);
    for (const { metricType, metadata } of spec.triggers) {
      const { metrics, windows } = readQuery(metadata.query);
      expect(metrics.filter((name) => !exportedNames().has(name))).toEqual([]);
      expect(windows.map(secondsOf).every((seconds) => seconds >= 80)).toBe(true);
      expect([metricType, metadata.ignoreNullValues]).toEqual(['AverageValue', 'false']);
      expect(metadata.query).not.toContain('vector(0)');
    }
  });
});
