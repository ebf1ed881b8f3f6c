import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { CHART, ofKind, render } from '../support/deploy/helm-chart.js';
import { type Prometheus, startPrometheus } from '../support/deploy/prometheus.js';
import { freePort } from '../support/free-port.js';
import { Replica } from '../support/deploy/replica.js';
import { until } from '../support/running-service.js';
import { SteadyClients } from '../support/deploy/steady-clients.js';

/**
 * A real Prometheus scrapes three replicas under load: every query of the dashboards and of the KEDA scaler finds data,
 * and the alert for shedding fires in an overload and ends after it. Windows of the alerts are shortened alike.
 */

const tools = deployTools('queries and alerts against a real Prometheus');
const FASTER = 20;
/** Longest wait for an alert to come or go; `until` waits for a part of it at a time. */
const PARTS = 6;

let prometheus: Prometheus | null = null;
let replicas: Replica[] = [];
let clients: SteadyClients[] = [];

afterEach(async () => {
  await Promise.all(clients.map((one) => one.stop()));
  await prometheus?.stop();
  await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
});

/** The chart's alerts with every duration divided: a window of 4m becomes 12s. */
function fasterAlerts(): string {
  const seconds = (count: string, unit: string): number => (Number(count) * (unit === 'h' ? 3600 : 60)) / FASTER;
  return readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8').replaceAll(
    /(?<=\[|offset |for: )(\d+)([hm])\b/g,
    (_all, count: string, unit: string) => `${seconds(count, unit)}s`,
  );
}

function dashboardQueries(): string[] {
  const folder = join(CHART, 'files/dashboards');
  const dashboards = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const panels = dashboards.flatMap(
    (text) => (JSON.parse(text) as { panels: { targets: { expr: string }[] }[] }).panels,
  );
  // What a variable offers: the values of a label.
  const offered = dashboards.flatMap((text) =>
    [...text.matchAll(/label_values\((\w+), (\w+)\)/g)].map(
      ([, metric = '', label = '']) => `count by (${label}) (${metric}{${label}!=""})`,
    ),
  );
  expect(offered.length).toBe(2 * dashboards.length);
  return [...panels.flatMap((panel) => panel.targets).map(({ expr }) => expr), ...offered].map((expr) =>
    expr.replaceAll('$__rate_interval', '20s').replaceAll('$namespace', 'prod').replaceAll('$job', 'flts'),
  );
}

async function kedaQueries(): Promise<string[]> {
  const values = { monitoring: { scrapeIntervalSeconds: 3 } };
  const [scaled] = ofKind(await render(tools!, { file: 'values-keda.yaml', values }), 'ScaledObject');
  return (scaled?.spec as { triggers: { metadata: { query: string } }[] }).triggers.map((one) => one.metadata.query);
}

async function untilInParts(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let part = 1; ; part++) {
    try {
      await until(condition, what);
      return;
    } catch (error) {
      if (part === PARTS) throw error;
    }
  }
}

describe.skipIf(tools === null)('Prometheus', () => {
  it('finds data for every query under load, and sees an overload come and go', { timeout: 240_000 }, async () => {
    const registry = temporaryFolder();
    await promoteFixture(registry);
    // Little is admitted, so that few clients are an overload.
    const env = { FLTS_REGISTRY: registry, FLTS_MAX_STEPS_IN_FLIGHT: '2000', FLTS_FAIR_SHARE: 'false' };
    replicas = [];
    for (const name of ['a', 'b', 'c']) replicas.push(new Replica(name, await freePort(), env));
    await Promise.all(replicas.map((replica) => replica.start()));
    const targets = replicas.map(({ port }) => `127.0.0.1:${port}`);
    prometheus = await startPrometheus(tools!, targets, fasterAlerts());

    const steady = replicas.map(({ url }) => new SteadyClients(url, payload(), { clients: 2, everyMs: 30 }));
    // Together more steps than are admitted at once.
    const heavy = { ...payload(), inference_length: 1500 };
    const overload = replicas.map(({ url }) => new SteadyClients(url, heavy, { clients: 4, everyMs: 5 }));
    clients = [...steady, ...overload];
    await untilInParts(async () => (await prometheus!.firing()).includes('FltsShedding'), 'the alert fires');
    const queries = [...dashboardQueries(), ...(await kedaQueries())];
    const empty: string[] = [];
    for (const text of queries) if ((await prometheus.query(text)).length === 0) empty.push(text);
    expect(empty).toEqual([]);
    expect(queries.length).toBeGreaterThan(50);
    for (const text of await kedaQueries()) {
      // The sum over three pods; with work under way both are above zero.
      expect((await prometheus.query(text))[0]).toBeGreaterThan(0);
      // Where no such service is scraped, there is no data, and not zero.
      expect(await prometheus.query(text.replaceAll('"prod"', '"elsewhere"'))).toEqual([]);
    }
    const refused = (await Promise.all(overload.map((one) => one.stop()))).flatMap((tally) => tally.failures);
    expect(refused.filter((failure) => !failure.startsWith('503'))).toEqual([]);
    await untilInParts(async () => !(await prometheus!.firing()).includes('FltsShedding'), 'the alert ends');

    await Promise.all(steady.map((one) => one.stop()));
    const [wait] = await kedaQueries();
    // Without traffic the wait is zero.
    await untilInParts(async () => (await prometheus!.query(wait!))[0] === 0, 'the wait is 0');
  });
});
