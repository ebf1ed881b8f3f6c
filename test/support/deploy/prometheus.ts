import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DeployTools } from './deploy-tools.js';
import { freePort } from '../free-port.js';
import { until } from '../running-service.js';

export interface Prometheus {
  /** The values of a query now, one for each series. */
  query(text: string): Promise<number[]>;
  /** Names of the alerts that fire. */
  firing(): Promise<string[]>;
  stop(): Promise<void>;
}

/** A Prometheus that scrapes `targets` every second as the chart's ServiceMonitor would label them. */
export async function startPrometheus(
  tools: DeployTools,
  targets: readonly string[],
  alerts: string,
): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'flts-prometheus-'));
  const labels = { namespace: 'prod', service: 'flts' };
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yaml'],
    scrape_configs: [{ job_name: 'flts', static_configs: [{ targets, labels }] }],
  };
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
  writeFileSync(join(folder, 'alerts.yaml'), alerts);
  const port = await freePort();
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { env: tools.env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(errors);
    return fetch(`${url}/-/ready`).then(
      (response) => response.ok,
      () => false,
    );
  }, 'Prometheus is ready');
  const query = async (text: string): Promise<number[]> => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
    const { data, error } = (await response.json()) as {
      data?: { result: { value: [number, string] }[] };
      error?: string;
    };
    if (data === undefined) throw new Error(`${text}: ${error ?? response.status}`);
    return data.result.map((series) => Number(series.value[1]));
  };
  return {
    query,
    firing: async () => {
      const response = await fetch(`${url}/api/v1/alerts`);
      const { data } = (await response.json()) as {
        data: { alerts: { state: string; labels: { alertname: string } }[] };
      };
      return data.alerts.filter((alert) => alert.state === 'firing').map((alert) => alert.labels.alertname);
    },
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
