import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { deployTools } from '../support/deploy/deploy-tools.js';
import { argumentsOf, flagValues, guideCommands } from '../support/deploy/guide-commands.js';
import { CHART, type KubeObject, problemsOf } from '../support/deploy/helm-chart.js';
import { payload, promoteFixture, temporaryFolder } from '../support/fixture-registry.js';
import { flts, MAIN, run } from '../support/run-flts.js';
import { get, post, serve } from '../support/running-service.js';

/**
 * Commands of the operators' guides: what needs no cluster is run; of the rest, the chart is rendered with helm's own
 * flags, and every name that kubectl is given is one of what was rendered.
 */

const tools = deployTools('commands of the operators’ guides');
const COMMANDS = [...guideCommands('docs/guides/operating.md'), ...guideCommands('docs/guides/runbooks.md')];
const starting = (text: string): string[] => COMMANDS.filter((command) => command.startsWith(text));
const one = (text: string): string => {
  const found = COMMANDS.filter((command) => command.includes(text));
  expect(found.length, text).toBe(1);
  return found[0]!;
};

interface Container {
  readonly env?: readonly { readonly valueFrom?: { readonly secretKeyRef?: { name: string; key: string } } }[];
}
interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly secret?: { readonly secretName: string; readonly items: readonly { readonly key: string }[] };
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

const podOf = (object: KubeObject): PodSpec => (object.spec?.['template'] as { spec: PodSpec }).spec;
const argsOfFlts = (command: string): string[] => command.split(' ').slice(2);
let folder: string;

/** `helm template` with the flags of another command of helm. */
function renderedBy(args: readonly string[], more: readonly string[] = []): KubeObject[] {
  const files = flagValues(args, '-f').map((file) => (file.startsWith('deploy/') ? file : join(folder, file)));
  const flags = [
    ...[...files, ...more].flatMap((file) => ['-f', file]),
    ...flagValues(args, '--set').flatMap((value) => ['--set', value]),
  ];
  const done = spawnSync(tools!.helm, ['template', 'flts', CHART, '-n', 'prod', '--kube-version', '1.31.0', ...flags], {
    env: tools!.env,
    encoding: 'utf8',
  });
  expect([args.join(' '), done.stderr]).toEqual([args.join(' '), '']);
  return parseAllDocuments(done.stdout).flatMap((document) => (document.toJS() as KubeObject | null) ?? []);
}

describe.skipIf(tools === null)('the operators’ guides', () => {
  beforeAll(async () => {
    folder = temporaryFolder();
    // What the reader is told to keep: what the first install sets.
    writeFileSync(
      join(folder, 'my-values.yaml'),
      'image: {repository: registry.example/team/flts}\ningress: {host: flts.example.org}\nregistry: {uri: s3://models/lte}\n',
    );
    // A capacity run: X(N) = 500·N / (1 + 0.2·(N − 1)).
    mkdirSync(join(folder, 'capacity'));
    const phases = [1, 2, 4, 8, 16, 32].map((users) => {
      const perS = (500 * users) / (1 + 0.2 * (users - 1));
      const ms = (users / perS) * 1e3;
      const server = {
        replicas: 1,
        cpu_cores_mean: Math.min(1, perS / 2500),
        cpu_limit_cores: 1,
        memory_bytes_max: 4e8,
      };
      return { name: String(users), users, throughput_per_s: perS, mean_ms: ms, p95_ms: 1.5 * ms, server };
    });
    const target = { url: 'http://x', server: { workers: 1, processes: 1, limit: 16 } };
    writeFileSync(join(folder, 'capacity/run.json'), JSON.stringify({ schema_version: 1, target, phases }));
    const planned = await flts(argsOfFlts(one('npx flts plan')), folder);
    expect([planned.code, planned.stderr]).toEqual([0, '']);
  });

  it('use no program that is not tried here', () => {
    expect(COMMANDS.length).toBeGreaterThan(30);
    expect(COMMANDS.filter((command) => !/^(helm|kubectl|docker|npx flts|tar|KEY=)/.test(command))).toEqual([]);
  });

  it('every command of helm renders legal objects with its own flags', { timeout: 120_000 }, () => {
    const isOfHistory = ([, verb = '']: string[]): boolean => ['history', 'rollback'].includes(verb);
    const commands = starting('helm ').map(argumentsOf);
    for (const args of commands) expect(args[2]).toBe(args[1] === 'lint' ? CHART : 'flts');
    for (const args of commands) {
      const help = execFileSync(tools!.helm, [args[1] ?? '', '--help'], { env: tools!.env, encoding: 'utf8' });
      const flags = args.filter((arg) => arg.startsWith('-'));
      expect([args, flags.filter((flag) => !help.includes(` ${flag}`))]).toEqual([args, []]);
    }
    const objects = commands
      .filter((args) => !isOfHistory(args))
      .flatMap((args) => {
        expect(args).toContain(CHART);
        return renderedBy(
          args,
          args.includes('--reset-then-reuse-values') ? [join(CHART, 'values-complete.yaml')] : [],
        );
      });
    expect(problemsOf(objects)).toBe('');
    const scalers = (text: string): string[] =>
      renderedBy(argumentsOf(one(text))).flatMap(({ kind }) => (/Autoscaler|ScaledObject/.test(kind) ? [kind] : []));
    expect(scalers('autoscaling.keda.enabled=true')).toEqual(['ScaledObject']);
    expect(scalers('-f plan-hpa.yaml')).toEqual(['HorizontalPodAutoscaler']);
  });

  it('secrets are made with the names and keys that the pods ask for', () => {
    const made = starting('kubectl')
      .map(argumentsOf)
      .filter((args) => args.includes('secret'))
      .flatMap((args) => {
        const name = args[args.indexOf('generic') + 1] ?? '';
        return args.flatMap((arg) => {
          const key = /^--from-(?:file|literal)=([^=]+)/.exec(arg)?.[1];
          return key === undefined ? [] : [`${name}/${key}`];
        });
      });
    const objects = renderedBy(argumentsOf(one('ingress.host=')));
    const deployment = objects.find((object) => object.kind === 'Deployment');
    const pod = podOf(deployment!);
    const asked = [
      ...pod.volumes.flatMap(({ secret }) => (secret?.items ?? []).map(({ key }) => `${secret!.secretName}/${key}`)),
      ...pod.containers.flatMap(({ env = [] }) =>
        env.flatMap(({ valueFrom }) => {
          const reference = valueFrom?.secretKeyRef;
          return reference === undefined ? [] : [`${reference.name}/${reference.key}`];
        }),
      ),
    ];
    expect(made.sort()).toEqual(asked.sort());
    const ingress = objects.find((object) => object.kind === 'Ingress')?.spec as { tls: { secretName: string }[] };
    const certificate = argumentsOf(one('create secret tls'));
    expect(ingress.tls.map(({ secretName }) => secretName)).toEqual([certificate[certificate.indexOf('tls') + 1]]);
  });

  it('kubectl is given names, labels and claims of what is rendered', () => {
    const objects = renderedBy(argumentsOf(one('loadtest.shards=4')), [join(CHART, 'values-complete.yaml')]);
    const names = new Set(objects.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`));
    const named = starting('kubectl').filter((command) => /\b(deploy|deployment|job)\/\S+/.test(command));
    expect(named.length).toBeGreaterThan(6);
    const job = objects.find((object) => object.kind === 'Job')!;
    for (const command of named) {
      const [, kind = '', name = ''] = /\b(deploy|deployment|job)\/(\S+)/.exec(command) ?? [];
      const full = `${kind === 'deploy' ? 'deployment' : kind}/${name.replace('JOB', job.metadata.name)}`;
      expect([command, names.has(full)]).toEqual([command, true]);
    }
    for (const label of starting('kubectl').flatMap((command) => flagValues(argumentsOf(command), '-l'))) {
      const [key = '', value] = label.split('=');
      const labelled = objects.filter(({ metadata, spec }) => {
        const { metadata: pod } = (spec?.['template'] ?? {}) as { metadata?: { labels?: Record<string, string> } };
        return metadata.labels?.[key] === value || pod?.labels?.[key] === value;
      });
      expect(labelled.length, label).toBeGreaterThan(0);
    }
    const reader = argumentsOf(one('run runs')).find((arg) => arg.startsWith('--overrides='));
    const { spec } = JSON.parse(reader!.slice('--overrides='.length)) as { spec: PodSpec };
    const claims = (pod: PodSpec) => pod.volumes.flatMap((volume) => volume.persistentVolumeClaim ?? []);
    expect(claims(spec)).toEqual(claims(podOf(job)));
  });

  it('docker is given files that are there, and the image that the chart asks for', () => {
    const files = starting('docker').flatMap((command) => flagValues(argumentsOf(command), '-f'));
    expect(files.length).toBe(2);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    const [tag = ''] = flagValues(argumentsOf(one('docker build')), '-t');
    expect(argumentsOf(one('docker push')).at(-1)).toBe(tag);
    expect(JSON.stringify(renderedBy(argumentsOf(one('ingress.host='))))).toContain(`"image":"${tag}"`);
  });

  it('a key made as they say is let in, and a registry copied as they say serves', { timeout: 60_000 }, async () => {
    const key = execFileSync('bash', ['-euo', 'pipefail', '-c', one('KEY=')], { cwd: folder, encoding: 'utf8' }).trim();
    await promoteFixture(join(folder, 'flts-registry'));
    const models = join(folder, 'models-volume');
    mkdirSync(models);
    // The pod's end of the pipe, as a user who may write into the volume but does not own it.
    const isRoot = process.getuid?.() === 0;
    chmodSync(folder, 0o755);
    chmodSync(models, 0o777);
    const stranger = isRoot ? 'setpriv --reuid 10001 --regid 10001 --clear-groups' : '';
    const pod = `kubectl() { while [ "$1" != -- ]; do shift; done; shift; ${stranger} "$@"; }`;
    const copy = one('tar -C flts-registry').replace('-C /models', `-C ${models}`);
    execFileSync('bash', ['-euo', 'pipefail', '-c', `${pod}\n${copy}`], { cwd: folder });
    const service = await serve(models, { apiKeysFile: join(folder, 'api-keys') });
    try {
      expect((await post(service, payload())).status).toBe(401);
      expect((await post(service, payload(), { headers: { 'x-api-key': key } })).status).toBe(200);
    } finally {
      await service.stop();
    }
  });

  it('what they run in a pod works there', { timeout: 60_000 }, async () => {
    const registry = temporaryFolder();
    const first = await promoteFixture(registry, { name: 'first' });
    await promoteFixture(registry, { name: 'second' });
    const service = await serve(registry);
    const bin = join(temporaryFolder(), 'bin');
    mkdirSync(bin);
    symlinkSync(MAIN, join(bin, 'flts'));
    const env = {
      PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
      FLTS_REGISTRY: resolve(registry),
    };
    try {
      const commands = starting('kubectl').map(argumentsOf);
      const inPod = commands.filter((args) => args.includes('exec')).map((args) => args.slice(args.indexOf('--') + 1));
      expect(inPod.length).toBe(4);
      for (const args of inPod) {
        const [program = '', ...rest] = args.map((arg) => arg.replace('http://127.0.0.1:8000', service.url));
        const done = await run(program, rest, { env });
        expect([args, done.code, done.stderr]).toEqual([args, 0, '']);
        expect(done.stdout).not.toBe('');
      }
      expect((await get(service, '/healthz')).status).toBe(200);
      const pointer = JSON.parse(readFileSync(join(registry, 'current.json'), 'utf8')) as { run_id: string };
      expect(pointer.run_id).toBe(first.run_id);
    } finally {
      await service.stop();
    }
  });
});
