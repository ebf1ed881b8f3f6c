import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { CHART } from '../support/deploy/helm-chart.js';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { exportedNames, readQuery, secondsOf } from '../support/deploy/promql.js';

/** Alerts and dashboards use only what the service exports; each alert has a runbook and series that fire it. */

const ALERTS = join(CHART, 'files/alerts.yaml');
const CASES = 'test/deploy/alerts-cases.yaml';
/** The longest scrape interval that the chart allows, and the scrapes that a window must hold. */
const SCRAPE_S_MAX = 60;
const SCRAPES_MIN = 4;

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}
interface Case {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly type: string;
  readonly fieldConfig: { readonly defaults: { readonly unit?: string } };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: string }[];
  };
}

const rules = (parse(readFileSync(ALERTS, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (one) => one.rules,
);
const names = exportedNames();
const tools = deployTools('alerts against series (promtool)');

describe('readQuery', () => {
  it('finds metrics and windows, and refuses what is no PromQL', () => {
    expect(readQuery('sum by (le) (rate(a_bucket{job="x"}[5m])) / on (job) b offset 5m > 0')).toEqual({
      metrics: ['a_bucket', 'b'],
      windows: ['5m'],
    });
    expect(() => readQuery('sum(rate(a[5m])')).toThrow('no PromQL');
  });

  it('knows what is exported', () => {
    expect(names.has('inference_queue_wait_seconds_bucket')).toBe(true);
    expect(names.has('inference_queue_wait_seconds_total')).toBe(false);
    expect(names.has('inference_queue_len_bucket')).toBe(false);
  });
});

describe('alerts', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s uses what the service exports', (_name, rule) => {
    const query = readQuery(rule.expr);
    expect(query.metrics.length).toBeGreaterThan(0);
    expect(query.metrics.filter((name) => !names.has(name))).toEqual([]);
    expect(query.windows.filter((window) => secondsOf(window) < SCRAPES_MIN * SCRAPE_S_MAX)).toEqual([]);
    expect(['critical', 'warning']).toContain(rule.labels.severity);
  });

  it('have a runbook each, and no runbook is for nothing', () => {
    const sections = [...readFileSync('docs/guides/runbooks.md', 'utf8').matchAll(/^## (.*)$/gm)].map((one) => one[1]);
    expect(sections).toEqual(rules.map((rule) => rule.alert));
    for (const rule of rules) {
      expect(rule.annotations.runbook).toBe(`docs/guides/runbooks.md#${rule.alert.toLowerCase()}`);
    }
  });

  it('are each tested with series that fire and series that do not', () => {
    const { tests } = parse(readFileSync(CASES, 'utf8')) as { tests: Case[] };
    const tried = tests.flatMap((one) => one.alert_rule_test);
    for (const { alert } of rules) {
      const outcomes = tried.filter((one) => one.alertname === alert).map((one) => one.exp_alerts.length > 0);
      expect([alert, new Set(outcomes)]).toEqual([alert, new Set([true, false])]);
    }
  });

  it.skipIf(tools === null)('fire and stay quiet as those series say', () => {
    const output = execFileSync('promtool', ['test', 'rules', CASES], { encoding: 'utf8' });
    expect(output).toContain('SUCCESS');
  });
});

describe('dashboards', () => {
  const folder = join(CHART, 'files/dashboards');
  const files = readdirSync(folder);

  it.each(files)('%s asks only for what the service exports', (file) => {
    const { panels } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard;
    const queries = panels.flatMap((panel) => panel.targets.map((target) => target.expr));
    expect(queries.length).toBeGreaterThan(10);
    for (const text of queries) {
      const { metrics, windows } = readQuery(text.replaceAll('$__rate_interval', '4m'));
      expect([text, metrics.filter((name) => !names.has(name))]).toEqual([text, []]);
      expect(metrics.length).toBeGreaterThan(0);
      // Grafana's own interval is at least four scrapes.
      expect(windows.every((window) => window === '4m')).toBe(true);
    }
  });

  it.each(files)('%s: each panel says what it shows, in which unit, what its lines are, and has its place', (file) => {
    const { panels } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, description, type, fieldConfig, gridPos, targets } of panels) {
      expect([title, description]).toEqual([title, expect.stringMatching(/^[A-Z0-9].{15,}\.$/)]);
      expect([title, fieldConfig.defaults.unit]).toEqual([title, expect.stringMatching(/^[a-zA-Z]+$/)]);
      // The columns of a table are the labels themselves.
      const unnamed = type === 'table' ? [] : targets.filter(({ legendFormat }) => legendFormat === '');
      expect([title, unnamed]).toEqual([title, []]);
      // A label in a legend is one that the query keeps: by name, or because it adds nothing up.
      for (const { expr, legendFormat } of targets) {
        for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
          const isKept =
            new RegExp(`by \\([^)]*\\b${label}\\b`).test(expr) || !/\b(sum|max|min|avg|count)\b/.test(expr);
          expect([title, expr, isKept]).toEqual([title, expr, true]);
        }
      }
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect([title, x < 24, taken.has(`${x} ${y}`)]).toEqual([title, true, false]);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });

  it.each(files)('%s: its variables are labels of what is exported, and every query keeps to them', (file) => {
    const { panels, templating } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard;
    const queried = templating.list.filter(({ type }) => type === 'query');
    expect(queried.map(({ name, query }) => [name, query])).toEqual([
      ['namespace', 'label_values(inference_model_ready, namespace)'],
      ['job', 'label_values(inference_model_ready, job)'],
    ]);
    for (const { expr } of panels.flatMap((panel) => panel.targets)) {
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      expect(selectors.length).toBeGreaterThan(0);
      for (const one of selectors)
        expect([expr, one]).toEqual([expr, expect.stringMatching(/namespace=~"\$namespace", job=~"\$job"/)]);
    }
  });

  it('are three, with ids of their own', () => {
    const uids = files.map((file) => (JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard).uid);
    expect(uids.sort()).toEqual(['flts-load-test', 'flts-model', 'flts-service']);
  });
});
