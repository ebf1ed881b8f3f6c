import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { ofKind, render } from '../support/deploy/helm-chart.js';
import { PodProcess } from '../support/deploy/pod-process.js';
import { FakeS3Server } from '../support/fake-s3-server.js';
import { payload, temporaryFolder } from '../support/fixture-registry.js';
import { freePort } from '../support/free-port.js';
import { MAIN, run } from '../support/run-flts.js';
import { post, until } from '../support/running-service.js';

/** The serving pod of each set of values is run as rendered: it takes a model, answers, and ends as the chart plans. */

const tools = deployTools('the serving pod of the chart');
const KEY = 'a-key-of-a-client';
const S3_KEYS = { AWS_ACCESS_KEY_ID: 'writer', AWS_SECRET_ACCESS_KEY: 'hush' };
const SECRETS = {
  'flts-s3/access-key-id': S3_KEYS.AWS_ACCESS_KEY_ID,
  'flts-s3/secret-access-key': S3_KEYS.AWS_SECRET_ACCESS_KEY,
  'flts-admin/admin-token': 'a-token',
};

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [
    {
      readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: readonly [string, string] } } };
      readonly readinessProbe: { readonly httpGet: { readonly path: string } };
      readonly livenessProbe: { readonly httpGet: { readonly path: string } };
    },
  ];
}

let folder: string;
let s3: FakeS3Server;
let pod: PodProcess | null = null;

beforeAll(async () => {
  if (tools === null) return;
  folder = temporaryFolder();
  const made = await run(process.execPath, [MAIN, 'synth', '--rows', '1500', '--seed', '7', '--out', 't.csv'], {
    cwd: folder,
  });
  expect(made.code, made.stderr).toBe(0);
  s3 = await FakeS3Server.start();
});
afterAll(() => (tools === null ? undefined : s3.stop()));
afterEach(() => {
  pod?.kill();
  pod = null;
});

/** Trains a model into a registry, as its owner would from elsewhere. */
async function promoteInto(registry: string): Promise<void> {
  const args = [MAIN, 'train', 't.csv', '--model', 'ridge', '--promote', '--registry', registry];
  const env = { ...S3_KEYS, AWS_ENDPOINT_URL_S3: s3.url, AWS_REGION: 'eu-central-1' };
  const done = await run(process.execPath, args, { cwd: folder, env });
  expect(done.code, done.stderr).toBe(0);
}

describe.skipIf(tools === null)('the serving pod, as rendered', () => {
  // values-gpu.yaml needs a GPU.
  it.each(['values-dev.yaml', 'values-complete.yaml', 'values-keda.yaml', 'values-prod.yaml'])(
    '%s: is ready with its model, answers, and ends within its grace',
    { timeout: 120_000 },
    async (file) => {
      const isProd = file === 'values-prod.yaml';
      const env = isProd ? { FLTS_S3_ENDPOINT_URL: s3.url } : {};
      const rendered = await render(tools!, { file, values: { inference: { env } } });
      expect(rendered.refusal).toBe('');
      const [deployment] = ofKind(rendered, 'Deployment');
      const { spec } = deployment?.spec?.['template'] as { spec: Pod };
      const [{ lifecycle, readinessProbe, livenessProbe }] = spec.containers;

      const root = temporaryFolder();
      for (const place of ['bin', 'etc/flts', 'models']) mkdirSync(join(root, place), { recursive: true });
      symlinkSync(MAIN, join(root, 'bin', 'flts'));
      writeFileSync(join(root, 'etc/flts/api-keys'), `client ${createHash('sha256').update(KEY).digest('hex')}\n`);
      const [, entrypoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(readFileSync('deploy/docker/Dockerfile', 'utf8')) ?? [];
      const port = await freePort();
      pod = new PodProcess(deployment!, {
        root,
        path: [join(root, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
        entrypoint: JSON.parse(entrypoint) as string[],
        secrets: SECRETS,
        // A pod has an address of its own; here the loopback is shared.
        env: { FLTS_REPLICA_ID: 'flts-pod', FLTS_HOST: '127.0.0.1', FLTS_PORT: String(port) },
      });
      const running = pod;
      const url = `http://127.0.0.1:${port}`;
      const answers = async (path: string): Promise<number> => {
        if (running.isOver) throw new Error(running.log);
        return fetch(url + path).then(
          ({ status }) => status,
          () => 0,
        );
      };
      await until(async () => (await answers(livenessProbe.httpGet.path)) === 200, 'it lives');
      expect(await answers(readinessProbe.httpGet.path)).toBe(503);
      await promoteInto(isProd ? 's3://flts-models/production' : join(root, 'models'));
      await until(async () => (await answers(readinessProbe.httpGet.path)) === 200, 'it is ready');
      const headers = { 'x-api-key': KEY };
      const predict = (): Promise<number> => post({ url }, payload(60), { headers }).then(({ status }) => status);
      expect(await predict()).toBe(200);
      expect((await post({ url }, payload(60))).status).toBe(isProd ? 401 : 200);
      // The volume, or what was fetched from the bucket.
      expect(readdirSync(join(root, 'models'))).not.toEqual([]);

      const endsAt =
        Date.now() + (spec.terminationGracePeriodSeconds - Number(lifecycle.preStop.exec.command[1])) * 1000;
      running.terminate();
      await until(async () => (await answers(readinessProbe.httpGet.path)) === 503, 'it gives notice');
      // One second of notice is too short to be sure of.
      if (file !== 'values-dev.yaml') expect(await predict()).toBe(200);
      expect([await running.ended(), running.log]).toEqual([0, running.log]);
      expect(Date.now()).toBeLessThan(endsAt);
    },
  );
});
